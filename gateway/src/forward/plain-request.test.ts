import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAbsoluteForm } from '../accept/absolute-form.ts';
import { HttpOfferReader } from '../accept/http-offer-reader.ts';
import { RequestHeadReader } from '../accept/request-head.ts';
import type { PlainRequest } from '../forwarding.ts';
import { PlainRequestReader } from './plain-request.ts';

/** Reads a whole head, as the listener does; `undefined` where it is refused with 400. */
function read(text: string): PlainRequest | undefined {
  const event = new RequestHeadReader(16_384).push(Buffer.from(text, 'latin1'));
  if (event.kind !== 'head') return undefined;
  const target = parseAbsoluteForm(event.head.target);
  return target && new PlainRequestReader().read(event.head, target);
}

function post(fields: string, version = '1.1'): string {
  return `POST http://a/ HTTP/${version}\r\nHost: a\r\n${fields}\r\n`;
}

function head(text: string): string | undefined {
  return read(text)?.head;
}

describe('a request whose framing leaves anything open is refused:', () => {
  test.each([
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'],
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n'],
    ['the same length twice', 'Content-Length: 5\r\nContent-Length: 5\r\n'],
    ['a list of lengths', 'Content-Length: 5, 5\r\n'],
    ['a signed length', 'Content-Length: +5\r\n'],
    ['a negative length', 'Content-Length: -5\r\n'],
    ['a hexadecimal length', 'Content-Length: 0x5\r\n'],
    ['a fraction', 'Content-Length: 5.0\r\n'],
    ['an exponent', 'Content-Length: 5e0\r\n'],
    ['an empty length', 'Content-Length:\r\n'],
    ['a length with a blank in it', 'Content-Length: 1 0\r\n'],
    ['a length beyond counting', `Content-Length: ${'9'.repeat(20)}\r\n`],
    ['two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'],
    ['two different codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n'],
    ['a list of codings', 'Transfer-Encoding: gzip, chunked\r\n'],
    ['chunks twice', 'Transfer-Encoding: chunked, chunked\r\n'],
    ['chunks that are not last', 'Transfer-Encoding: chunked, identity\r\n'],
    ['no coding', 'Transfer-Encoding: identity\r\n'],
    ['an unknown coding', 'Transfer-Encoding: xchunked\r\n'],
    ['a coding in quotes', 'Transfer-Encoding: "chunked"\r\n'],
    ['a coding with a parameter', 'Transfer-Encoding: chunked;a=b\r\n'],
    ['an empty coding', 'Transfer-Encoding:\r\n'],
    ['a vertical tab', 'Transfer-Encoding: \u000bchunked\r\n'],
    ['a blank before the colon', 'Transfer-Encoding : chunked\r\n'],
    ['a tab before the colon', 'Content-Length\t: 5\r\n'],
    ['a folded value', 'Transfer-Encoding:\r\n chunked\r\n'],
    ['a field that begins with a blank', ' Content-Length: 5\r\n'],
    ['a lone line feed', 'X: a\nContent-Length: 5\r\n'],
    ['a lone carriage return', 'X: a\rContent-Length: 5\r\n'],
    ['a NUL', 'X: a\0b\r\n'],
    ['no name', ': a\r\n'],
    ['no colon', 'Content-Length 5\r\n'],
  ])('%s', (_, fields) => {
    expect(read(post(fields))).toBeUndefined();
  });

  test('chunks in HTTP/1.0', () => {
    expect(read(post('Transfer-Encoding: chunked\r\n', '1.0'))).toBeUndefined();
  });

  test.each([
    ['Content-Length: 5\r\n', 'Content-Length: 5\r\n'],
    ['content-length:\t005 \r\n', 'Content-Length: 005\r\n'],
    ['Transfer-Encoding:chunked\r\n', 'Transfer-Encoding: chunked\r\n'],
    ['transfer-encoding: CHUNKED \r\n', 'Transfer-Encoding: chunked\r\n'],
  ])('and one that does not is written out plainly: %j', (fields, written) => {
    expect(read(post(fields))?.head).toBe(`POST / HTTP/1.1\r\nHost: a\r\n${written}\r\n`);
  });
});

describe('a target is', () => {
  test.each([
    ['http://example.com/a?b#', undefined],
    ['http://user@example.com/', undefined],
    ['http://good.example\\@evil.example/', undefined],
    ['http:///a', undefined],
    ['http://:80/', undefined],
    ['http://a:0/', undefined],
    ['http://a:65536/', undefined],
    ['http://a:080/', undefined],
    ['http://a:b/', undefined],
    ['http://::1/', undefined],
    ['http://[::1/', undefined],
    ['http://a,b/', undefined],
    ['http:/a/', undefined],
    ['//a/', undefined],
    ['/', undefined],
    ['*', undefined],
    ['https://a/', undefined],
    ['ftp://a/', undefined],
    ['http://a', { authority: { host: 'a', port: 80 }, host: 'a', path: '' }],
    ['HTTP://A/b', { authority: { host: 'A', port: 80 }, host: 'A', path: '/b' }],
    ['http://a:/b', { authority: { host: 'a', port: 80 }, host: 'a', path: '/b' }],
    ['http://a:8080?q', { authority: { host: 'a', port: 8080 }, host: 'a:8080', path: '?q' }],
    ['http://[2606:4700::1]/', { authority: { host: '2606:4700::1', port: 80 }, host: '[2606:4700::1]', path: '/' }],
    [
      'http://[2606:4700::1]:81//x@y:1',
      { authority: { host: '2606:4700::1', port: 81 }, host: '[2606:4700::1]:81', path: '//x@y:1' },
    ],
  ])('read, or refused: %s', (text, target) => {
    expect(parseAbsoluteForm(text)).toEqual(target);
  });
});

describe('a head goes on', () => {
  test('with the host of its URI, whatever Host says, in the order that its client chose', () => {
    expect(
      head('GET http://Example.com:8080/a?b HTTP/1.1\r\nAccept: */*\r\nHost: evil.example\r\nX-B: 1\r\nX-B: 2\r\n\r\n'),
    ).toBe('GET /a?b HTTP/1.1\r\nAccept: */*\r\nHost: Example.com:8080\r\nX-B: 1\r\nX-B: 2\r\n\r\n');
    expect(head('GET http://a/ HTTP/1.0\r\nX-B: 1\r\n\r\n')).toBe('GET / HTTP/1.0\r\nHost: a\r\nX-B: 1\r\n\r\n');
  });

  test.each([
    ['Connection: close, X-Own, Cookie\r\nX-Own: 1\r\nCookie: a\r\nX-B: 1\r\n', 'Connection: close\r\nX-B: 1\r\n'],
    ['Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nX-B: 1\r\n', 'Connection: keep-alive\r\nX-B: 1\r\n'],
    ['Proxy-Connection: Keep-Alive\r\n', 'Connection: keep-alive\r\n'],
    ['Connection: x-a\r\nConnection: x-b\r\nX-A: 1\r\nX-B: 1\r\n', ''],
    ['Connection: Upgrade\r\nUpgrade: websocket\r\n', ''],
    ['Connection: Host, Content-Length\r\nContent-Length: 0\r\n', 'Content-Length: 0\r\n'],
    ['Proxy-Authorization: Basic YTpi\r\nProxy-Foo: 1\r\nX-B: 1\r\n', 'X-B: 1\r\n'],
    ['X-Marvel-On-Exit-Loss: fail\r\nX-MARVEL-Anything: 1\r\nX-ProxyMesh-Country: US\r\n', ''],
    ['TE: trailers\r\n', 'TE: trailers\r\nConnection: TE\r\n'],
    ['TE: gzip\r\n', ''],
    ['Expect: 100-continue\r\n', 'Expect: 100-continue\r\n'],
    [
      'Via: 1.1 own\r\nForwarded: for=1\r\nAuthorization: Basic YTpi\r\n',
      'Via: 1.1 own\r\nForwarded: for=1\r\nAuthorization: Basic YTpi\r\n',
    ],
  ])('without what ends here: %j', (fields, written) => {
    expect(head(`GET http://a/ HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)).toBe(
      `GET / HTTP/1.1\r\nHost: a\r\n${written}\r\n`,
    );
  });

  test('to the root where no path is named, and OPTIONS to the server as a whole', () => {
    expect(head('GET http://a HTTP/1.1\r\nHost: a\r\n\r\n')).toContain('GET / HTTP/1.1\r\n');
    expect(head('GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n')).toContain('GET /?q HTTP/1.1\r\n');
    expect(head('OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n')).toContain('OPTIONS * HTTP/1.1\r\n');
  });
});

/** A reader of a connection whose offers tell all that was read. */
function openReader(): HttpOfferReader {
  return new HttpOfferReader('marvel', {
    readRequest: ({ fields }) => ({
      credential: { kind: 'key', key: fields.get('proxy-authorization') ?? '' },
      wish: { ok: false, error: 'target_malformed' },
    }),
    plainRequests: new PlainRequestReader(),
    maxHeadBytes: 8192,
  });
}

/** What is heard of a head, in a form that compares. */
function hear(reader: HttpOfferReader, text: string): unknown {
  const heard = reader.push(Buffer.from(text));
  if (heard.kind !== 'offer') return heard;
  const { offer, mayRetry, request } = heard;
  const response = request?.answer('');
  response?.push(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), false);
  return { offer, mayRetry, head: request?.head, bodyIsDone: request?.body.isDone, keepsClient: response?.keepsClient };
}

test('a request is read alike whatever was read before it on its connection', () => {
  const starts = ['GET http://a/1 ', 'GET http://a/2#x ', 'POST http://a ', 'GET http://a?q ', 'GET http://a:80/1 '];
  const others = ['GET http://ab/1 ', 'GET http://a@b/1 ', 'CONNECT a:80 ', 'GET /1 '];
  const fields = [
    'Host: a\r\n',
    'Host: b\r\n',
    '',
    'Host: a\r\nProxy-Authorization: Basic YTpi\r\n',
    'Host: a\r\nProxy-Authorization: Basic YTpj\r\n',
    'Host: a\r\nConnection: close\r\n',
    'Host: a\r\nTE: trailers\r\nExpect: 100-continue\r\n',
    'Host: a\r\nContent-Length: 0\r\n',
    'Host: a\r\nTransfer-Encoding: chunked\r\n',
    `Host: a\r\nX-Long: ${'x'.repeat(5000)}\r\n`,
    'Host: a\r\nX A: 1\r\n',
  ];
  const one = constantFrom(...starts, ...others);
  const heads = array(
    constantFrom('HTTP/1.1\r\n', 'HTTP/1.0\r\n').chain((version) => {
      return one.chain((start) => constantFrom(...fields).map((lines) => `${start}${version}${lines}\r\n`));
    }),
    { maxLength: 6 },
  );
  assert(
    property(heads, (texts) => {
      const reader = openReader();
      for (const text of texts) expect(hear(reader, text)).toEqual(hear(openReader(), text));
    }),
    { numRuns: 500 },
  );
});
