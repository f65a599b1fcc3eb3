import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkedBody } from './chunked-body.ts';

/** What passes of a body that comes in such pieces, and what came behind it. */
function pass(pieces: readonly Buffer[]): { state: string; passed: string; rest: string } {
  const body = new ChunkedBody();
  let passed = '';
  for (const [index, piece] of pieces.entries()) {
    const state = body.push(piece, 0);
    if (state === 'broken') return { state, passed, rest: '' };
    passed += piece.toString('latin1', 0, body.passTo) + (state === 'done' ? body.tail : '');
    if (state === 'done') {
      const rest = Buffer.concat([piece.subarray(body.restAt), ...pieces.slice(index + 1)]);
      return { state, passed, rest: rest.toString('latin1') };
    }
  }
  return { state: 'more', passed, rest: '' };
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

const good: [string, string][] = [
  ['nothing', '0\r\n\r\n'],
  ['one chunk', '5\r\nhello\r\n0\r\n\r\n'],
  ['several, in either case and with leading zeros', '0a\r\n0123456789\r\n000B\r\n0123456789a\r\n00\r\n\r\n'],
  ['line ends as data', '4\r\n\r\n\r\n\r\n0\r\n\r\n'],
  ['extensions', '1;a=b;c="d e"\r\nx\r\n0;last\r\n\r\n'],
  ['a trailer', '1\r\nx\r\n0\r\nX-Sum: 1\r\nX-B:2\r\n\r\n'],
];

describe('a chunked body', () => {
  test.each(good)('passes as it is, however it is cut, up to its end: %s', (_, text) => {
    const all = bytes(`${text}GET next`);
    const expected = { state: 'done', passed: text, rest: 'GET next' };
    expect(pass([all])).toEqual(expected);
    for (let cut = 1; cut < all.length; cut += 1) {
      expect(pass([all.subarray(0, cut), all.subarray(cut)])).toEqual(expected);
    }
    expect(pass(Array.from(all, (byte) => Buffer.from([byte])))).toEqual(expected);
  });

  test.each([
    ['no size', '\r\n\r\n'],
    ['no digits', ';a\r\nx\r\n0\r\n\r\n'],
    ['a prefix', '0x1\r\nx\r\n0\r\n\r\n'],
    ['a sign', '+1\r\nx\r\n0\r\n\r\n'],
    ['a minus', '-1\r\nx\r\n0\r\n\r\n'],
    ['a blank before the size', ' 1\r\nx\r\n0\r\n\r\n'],
    ['a blank behind the size', '1 \r\nx\r\n0\r\n\r\n'],
    ['an underscore', '1_0\r\nx\r\n0\r\n\r\n'],
    ['a size too large to count', 'ffffffffffffff\r\nx'],
    ['a size that would wrap to one', '10000000000000001\r\nx\r\n0\r\n\r\n'],
    ['a lone line feed behind the size', '1\nx\r\n0\r\n\r\n'],
    ['a lone carriage return behind the size', '1\rx\r\n0\r\n\r\n'],
    ['something else than a line feed behind the size', '1\rXa\r\n0\r\n\r\n'],
    ['something else than a line feed behind the data', '1\r\na\rX0\r\n\r\n'],
    ['a lone line feed in an extension', '1;a\nx\r\n0\r\n\r\n'],
    ['a NUL in an extension', '1;a\0\r\nx\r\n0\r\n\r\n'],
    ['an endless extension', `1;${'a'.repeat(300)}\r\nx\r\n0\r\n\r\n`],
    ['data longer than announced', '1\r\nxy\r\n0\r\n\r\n'],
    ['data without its line end', '1\r\nx0\r\n\r\n'],
    ['data with a lone line feed', '1\r\nx\n0\r\n\r\n'],
    ['a trailer that is no field', '0\r\nX\r\n\r\n'],
    ['a folded trailer', '0\r\nX: a\r\n b\r\n\r\n'],
    ['a trailer with a blank before the colon', '0\r\nX : a\r\n\r\n'],
    ['a trailer with a lone line feed', '0\r\nX: a\nY: b\r\n\r\n'],
    ['endless trailers', `0\r\nX: ${'a'.repeat(9000)}\r\n\r\n`],
  ])('is broken by %s', (_, text) => {
    expect(pass([bytes(text)]).state).toBe('broken');
    expect(pass(Array.from(bytes(text), (byte) => Buffer.from([byte]))).state).toBe('broken');
  });

  test.each(['0\r\n', '0\r\n\r', '1\r\nx\r\n', '1\r\nx', '0\r\nX: a\r\n', ''])(
    'is not over before its last line end: %j',
    (text) => {
      const body = new ChunkedBody();
      expect(body.push(bytes(text), 0)).toBe('more');
      expect(body.end()).toBe('broken');
    },
  );

  test('leaves out trailers that would change what they follow', () => {
    const section =
      'Content-Length: 5\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\nX-Marvel-A: b\r\nHost: x\r\nProxy-Authorization: y\r\n';
    expect(pass([bytes(`1\r\nx\r\n0\r\n${section}\r\nrest`)])).toEqual({
      state: 'done',
      passed: '1\r\nx\r\n0\r\nX-A: 1\r\n\r\n',
      rest: 'rest',
    });
  });

  test('is found whole, whatever it holds and however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
        (chunks, cuts) => {
          const text = chunks
            .map((chunk) => `${chunk.length.toString(16)}\r\n${Buffer.from(chunk).toString('latin1')}\r\n`)
            .join('');
          const all = bytes(`${text}0\r\n\r\nrest`);
          const pieces: Buffer[] = [];
          let at = 0;
          for (const cut of cuts) pieces.push(all.subarray(at, (at += cut)));
          pieces.push(all.subarray(at));
          expect(pass(pieces)).toEqual({ state: 'done', passed: `${text}0\r\n\r\n`, rest: 'rest' });
        },
      ),
    );
  });
});
