import { describe, expect, it, test } from 'vitest';
import { maxHeadBytes, parseConnectHead } from './connect-head.ts';

const parse = (text: string) => parseConnectHead(Buffer.from(text, 'latin1'));
const head = (...fields: readonly string[]) =>
  ['CONNECT example.com:443 HTTP/1.1', ...fields].map((line) => `${line}\r\n`).join('') + '\r\n';
/** A head of so many bytes. */
const filler = (length: number) => head(`A: ${'a'.repeat(length - head('A: ').length)}`);

describe('a CONNECT head', () => {
  it('gives authority, authorization, request id and where the tunnel begins', () => {
    const text = head('Host: example.com:443', 'proxy-AUTHORIZATION: \t Bearer abc \t', 'X-Marvel-Request-Id: req_1-A');
    expect(parse(`${text}tunnel\r\n\r\nbytes`)).toEqual({
      authority: 'example.com:443',
      authorization: 'Bearer abc',
      requestId: 'req_1-A',
      byteLength: text.length,
    });
  });

  it('is not whole before its empty line, wherever it is cut', () => {
    const text = head('Proxy-Authorization: Bearer abc');
    for (let length = 0; length < text.length; length += 1) {
      expect(parse(text.slice(0, length)), `${length} bytes`).toBe('more');
    }
    expect(parse(text)).toMatchObject({ byteLength: text.length });
  });

  it('keeps a request id out of the log that could forge a line of it', () => {
    for (const id of ['a b', 'é', '"', 'x'.repeat(65), '']) {
      expect(parse(head(`X-Marvel-Request-Id: ${id}`)), id).toMatchObject({ requestId: undefined });
    }
  });

  it('may be as long as the bound and no longer', () => {
    expect(parse(filler(maxHeadBytes))).toMatchObject({ byteLength: maxHeadBytes });
    expect(parse(filler(maxHeadBytes + 1))).toBe('malformed');
    expect(parse(filler(maxHeadBytes + 1).slice(0, maxHeadBytes))).toBe('malformed');
  });
});

test.each([
  ['another method', 'GET http://example.com/ HTTP/1.1\r\n\r\n'],
  ['a lower-case method', 'connect example.com:443 HTTP/1.1\r\n\r\n'],
  ['a TLS hello', '\x16\x03\x01\x02\x00'],
  ['a SOCKS hello', '\x05\x01\x00'],
  ['an empty line first', `\r\n${head()}`],
  ['another version', 'CONNECT example.com:443 HTTP/2.0\r\n\r\n'],
  ['no version', 'CONNECT example.com:443\r\n\r\n'],
  ['two spaces', 'CONNECT  example.com:443 HTTP/1.1\r\n\r\n'],
  ['a space in the target', 'CONNECT example.com :443 HTTP/1.1\r\n\r\n'],
  ['a byte over ASCII in the target', 'CONNECT ex\xe4mple.com:443 HTTP/1.1\r\n\r\n'],
  ['a target that is too long', `CONNECT ${'a'.repeat(513)} HTTP/1.1\r\n\r\n`],
  ['a folded line', head('A: b', ' c')],
  ['a space before the colon', head('Proxy-Authorization : Bearer abc')],
  ['a line without a colon', head('nonsense')],
  ['an empty name', head(': value')],
  ['a bare line feed in a value', head('A: b\nProxy-Authorization: Bearer abc')],
  ['a bare carriage return in a value', head('A: b\rc')],
  ['a NUL in a value', head('A: b\0c')],
  ['two tokens', head('Proxy-Authorization: Bearer abc', 'Proxy-Authorization: Bearer abc')],
])('%s is malformed', (_name, text) => {
  expect(parse(text)).toBe('malformed');
});

test('blanks inside a value are part of it', () => {
  const blanks = head(`A:${' '.repeat(16_000)}b`);
  expect(parse(blanks)).toMatchObject({ authority: 'example.com:443' });
});
