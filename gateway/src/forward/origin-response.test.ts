import { describe, expect, test } from 'vitest';
import { OriginResponse } from './origin-response.ts';

interface Passed {
  readonly state: string;
  readonly out: string;
  readonly keepsClient: boolean;
  readonly keepsExit: boolean;
}

/** What goes to the client of an answer that comes in such pieces. */
function pass(
  pieces: readonly string[],
  request: { method?: string; version?: '1.0' | '1.1'; isLast?: boolean } = {},
): Passed {
  const response = new OriginResponse({ method: 'GET', version: '1.1', isLast: false, ...request }, 'X-Own: 1\r\n');
  let state = 'more';
  let out = '';
  for (const piece of pieces) {
    if (state !== 'more') break;
    state = response.push(Buffer.from(piece, 'latin1'), false);
    out += response.out.toString('latin1');
  }
  return { state, out, keepsClient: response.keepsClient, keepsExit: response.keepsExit };
}

const kept = { state: 'done', keepsClient: true, keepsExit: true };

describe('an answer', () => {
  test.each([
    [
      'with a length',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Own: 1\r\n\r\nhello',
    ],
    [
      'without a reason',
      'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 200\r\nContent-Length: 0\r\nX-Own: 1\r\n\r\n',
    ],
    [
      'in chunks, behind interim ones',
      'HTTP/1.1 103 Early\r\nLink: a\r\nConnection: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n',
      'HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Own: 1\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    ],
    [
      'with blanks before a colon',
      'HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length : 0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\nX-Own: 1\r\n\r\n',
    ],
  ])('goes on however it is cut: %s', (_, text, out) => {
    expect(pass([text])).toEqual({ ...kept, out });
    expect(pass(Array.from(text))).toEqual({ ...kept, out });
    for (let cut = 1; cut < text.length; cut += 1) {
      expect(pass([text.slice(0, cut), text.slice(cut)])).toEqual({ ...kept, out });
    }
  });

  test('goes on wherever its head ends, up to 64 KiB of it', () => {
    const empty = 'HTTP/1.1 200 OK\r\nX-Long: \r\nContent-Length: 5\r\n\r\n'.length;
    const cuts = [2046, 2047, 2048, 2049, 2050, 2051, 4095, 4096, 4097, 65_535, 65_536];
    for (const length of cuts) {
      const field = `X-Long: ${'a'.repeat(length - empty)}`;
      const text = `HTTP/1.1 200 OK\r\n${field}\r\nContent-Length: 5\r\n\r\nhello`;
      const out = `HTTP/1.1 200 OK\r\n${field}\r\nContent-Length: 5\r\nX-Own: 1\r\n\r\nhello`;
      expect(pass([text])).toEqual({ ...kept, out });
      expect(pass([text.slice(0, 100), text.slice(100, 2100), text.slice(2100)])).toEqual({ ...kept, out });
    }
    const longer = `HTTP/1.1 200 OK\r\nX-Long: ${'a'.repeat(65_537 - empty)}\r\nContent-Length: 5\r\n\r\nhello`;
    expect(pass([longer]).state).toBe('broken');
    expect(pass([longer.slice(0, 100), longer.slice(100)]).state).toBe('broken');
  });

  test('without a length lasts until its connection ends, and so does the client’s', () => {
    const response = new OriginResponse({ method: 'GET', version: '1.1', isLast: false }, '');
    expect(response.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nabc'), false)).toBe('more');
    expect(response.out.toString()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc');
    expect(response.end()).toBe('done');
    expect([response.keepsClient, response.keepsExit]).toEqual([false, false]);
  });

  test.each([
    '',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n',
  ])('is not whole when its connection ends early: %j', (text) => {
    const response = new OriginResponse({ method: 'GET', version: '1.1', isLast: false }, '');
    expect(response.push(Buffer.from(text), false)).toBe('more');
    expect(response.end()).toBe('broken');
  });

  test('over HTTP/1.0, or of a connection that is to close, leaves no exit behind', () => {
    expect(pass(['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n'])).toMatchObject({
      keepsExit: false,
      keepsClient: true,
    });
    expect(pass(['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n'])).toMatchObject({
      keepsExit: false,
      keepsClient: true,
    });
    expect(pass(['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore'])).toMatchObject({
      keepsExit: false,
      keepsClient: true,
    });
    expect(pass(['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'], { isLast: true })).toMatchObject({
      keepsExit: false,
      keepsClient: false,
    });
  });

  test('has no interim ones for HTTP/1.0', () => {
    const text = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
    expect(pass([text], { version: '1.0', isLast: true }).out).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Own: 1\r\nConnection: close\r\n\r\n',
    );
  });

  test.each([
    ['endless interim heads', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(17)],
    ['a second length', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n'],
    ['a second coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a length beside a coding', 'HTTP/1.1 204 No\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['an unreadable length of what has no body', 'HTTP/1.1 304 No\r\nContent-Length: x\r\n\r\n'],
    ['a status out of range', 'HTTP/1.1 600 No\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['chunks that break', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx'],
    ['too many fields', `HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(300)}\r\n`],
    ['a field without a name', 'HTTP/1.1 200 OK\r\n: 1\r\n\r\n'],
  ])('cannot be relied on with %s', (_, text) => {
    expect(pass([text])).toMatchObject({ state: 'broken', out: '' });
  });
});
