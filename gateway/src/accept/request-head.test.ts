import { array, assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HeadEvent, RequestHeadReader } from './request-head.ts';

const maxBytes = 16_384;
const simple = 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n';

function read(text: string): HeadEvent {
  return new RequestHeadReader(maxBytes).push(Buffer.from(text, 'latin1'));
}

/** A head that begins well and has these lines too. */
function withLines(lines: string): string {
  return `CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n${lines}\r\n`;
}

describe('a request head is read', () => {
  test('with its method, target, version and fields', () => {
    const event = read(withLines('Proxy-Authorization:  Basic abc \t\r\nX-A: 1\r\nx-a:2\r\nX-Empty:\r\n'));
    expect(event).toMatchObject({
      kind: 'head',
      head: { method: 'CONNECT', target: 'example.com:443', version: '1.1' },
    });
    const fields = event.kind === 'head' ? Object.fromEntries(event.head.fields) : {};
    expect(fields).toEqual({
      host: 'example.com:443',
      'proxy-authorization': 'Basic abc',
      'x-a': '1, 2',
      'x-empty': '',
    });
  });

  test('after one empty line, as a client may leave behind its last request', () => {
    expect(read(`\r\n${simple}`).kind).toBe('head');
  });

  test('without Host when it is HTTP/1.0', () => {
    expect(read('CONNECT example.com:443 HTTP/1.0\r\n\r\n')).toMatchObject({ kind: 'head', head: { version: '1.0' } });
  });

  test('and what comes behind it is left alone', () => {
    const text = `${simple}\u0016\u0003\u0000\n\n`;
    expect(read(text)).toMatchObject({ kind: 'head', restAt: simple.length });
  });

  test('just up to its longest length', () => {
    const filler = 'a'.repeat(maxBytes - withLines('X: \r\n').length);
    expect(read(withLines(`X: ${filler}\r\n`)).kind).toBe('head');
    expect(read(withLines(`X: ${filler}a\r\n`)).kind).toBe('unreadable');
  });

  test('alike however the network cuts it', () => {
    const text = `\r\n${withLines('X-A: 1\r\n')}rest`;
    assert(
      property(array(integer({ min: 1, max: 20 }), { maxLength: 40 }), (cuts) => {
        expect(readInPieces(text, cuts)).toEqual(readInPieces(text, []));
      }),
    );
  });
});

/** The head, and where in the whole text it ended. */
function readInPieces(text: string, cuts: readonly number[]): unknown {
  const reader = new RequestHeadReader(maxBytes);
  let at = 0;
  for (const cut of [...cuts, text.length]) {
    const event = reader.push(Buffer.from(text.slice(at, at + cut), 'latin1'));
    if (event.kind !== 'more') return event.kind === 'head' ? { head: event.head, endsAt: at + event.restAt } : event;
    at += cut;
  }
  return undefined;
}

describe('a head is unreadable', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['without a method', ' example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with a method that is no token', 'CON(NECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['without a target', 'CONNECT HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with a space too many', 'CONNECT  a:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with a tab for a space', 'CONNECT\ta:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['with a target beyond ASCII', 'CONNECT \u00e9:1 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['of another HTTP', 'CONNECT a:1 HTTP/2.0\r\nHost: a\r\n\r\n'],
    ['of no HTTP', 'CONNECT a:1\r\nHost: a\r\n\r\n'],
    ['without Host in HTTP/1.1', 'CONNECT a:1 HTTP/1.1\r\n\r\n'],
    ['with two Hosts', withLines('Host: other\r\n')],
    ['with two Proxy-Authorizations', withLines('Proxy-Authorization: a\r\nProxy-Authorization: a\r\n')],
    ['with two Content-Lengths', withLines('Content-Length: 0\r\nContent-Length: 0\r\n')],
    ['with a folded line', withLines('X-A: 1\r\n 2\r\n')],
    ['with a space before a colon', withLines('X-A : 1\r\n')],
    ['with a line without a colon', withLines('X-A\r\n')],
    ['with a nameless field', withLines(': 1\r\n')],
    ['with NUL in a value', withLines('X-A: a\u0000b\r\n')],
    ['with NUL in a name', withLines('X\u0000A: ab\r\n')],
    ['with DEL in a value', withLines('X-A: a\u007fb\r\n')],
    ['with a bare LF', 'CONNECT a:1 HTTP/1.1\nHost: a\n\n'],
    ['with a bare LF inside', withLines('X-A: 1\nX-B: 2\r\n')],
    ['with a bare CR inside', withLines('X-A: 1\rX-B: 2\r\n')],
    ['with more fields than a head may have', withLines('X-A: 1\r\n'.repeat(100))],
    ['after two empty lines', `\r\n\r\n${simple}`],
  ];
  test.each(cases)('%s', (_, text) => {
    expect(read(text).kind).toBe('unreadable');
  });

  test('at once when its first byte is of TLS or SOCKS', () => {
    expect(read('\u0016\u0003\u0001').kind).toBe('unreadable');
    expect(read('\u0005\u0001\u0000').kind).toBe('unreadable');
    expect(read('GET / HTTP/1.1\n').kind).toBe('unreadable');
  });

  test('once it is longer than allowed, without waiting for its end', () => {
    const reader = new RequestHeadReader(1024);
    expect(reader.push(Buffer.from(`CONNECT a:1 HTTP/1.1\r\nX: ${'a'.repeat(900)}`)).kind).toBe('more');
    expect(reader.push(Buffer.from('a'.repeat(900))).kind).toBe('unreadable');
  });

  test('in time that grows with its length, whatever fills it', () => {
    // Patterns that back-track would take minutes for these.
    for (const filler of [' ', '\t', 'a ', ':', 'a:']) {
      const lines = `X-A: ${filler.repeat(16_000 / filler.length)}\u0001\r\n`;
      expect(read(withLines(lines)).kind).toBe('unreadable');
    }
  });
});

test('heads follow one another on one connection', () => {
  const reader = new RequestHeadReader(maxBytes);
  expect(reader.push(Buffer.from(simple)).kind).toBe('head');
  expect(reader.isInside).toBe(false);
  expect(reader.push(Buffer.from(simple)).kind).toBe('head');
});
