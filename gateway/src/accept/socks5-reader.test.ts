import { describe, expect, it } from 'vitest';
import { type Socks5Heard, Socks5Reader, socks5Replies, socks5Reply } from './socks5-reader.ts';

const greeting = Buffer.from([5, 2, 0, 2]);
const credentials = (username: string, password: string) =>
  Buffer.concat([
    Buffer.from([1, username.length]),
    Buffer.from(username),
    Buffer.from([password.length]),
    Buffer.from(password),
  ]);
const request = (type: number, address: Buffer, port = 443, command = 1) =>
  Buffer.concat([Buffer.from([5, command, 0, type]), address, Buffer.from([port >> 8, port & 255])]);
const name = (host: string) => Buffer.concat([Buffer.from([host.length]), Buffer.from(host)]);

/** Sends the conversation in pieces of `size` bytes; gives what was heard, waiting aside. */
function hear(bytes: Buffer, size: number): Socks5Heard[] {
  const reader = new Socks5Reader();
  const heard: Socks5Heard[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    // The piece is overwritten afterwards: the reader must not keep it.
    const piece = Buffer.from(bytes.subarray(at, at + size));
    for (let event = reader.push(piece); event.kind !== 'more'; event = reader.push(Buffer.alloc(0))) {
      heard.push(event);
      if (event.kind === 'request' || event.kind === 'failed' || event.kind === 'unreadable') break;
    }
    piece.fill(0);
  }
  return heard;
}

const signIn = Buffer.concat([greeting, credentials('mk_live_x', 'country-US')]);

describe('a SOCKS5 conversation', () => {
  it.each([1, 2, 3, 7, 1000])('is heard the same in pieces of %i bytes', (size) => {
    expect(hear(Buffer.concat([signIn, request(3, name('Example.com'))]), size)).toEqual([
      { kind: 'reply', reply: Buffer.from([5, 2]) },
      { kind: 'credentials', username: 'mk_live_x', password: 'country-US' },
      { kind: 'request', destination: { host: 'example.com', port: 443 }, rest: Buffer.alloc(0) },
    ]);
  });

  it.each([
    ['an IPv4 address', request(1, Buffer.from([10, 0, 0, 1])), '10.0.0.1'],
    ['an IPv6 address', request(4, Buffer.from('20010db8000000000000000000000001', 'hex')), '2001:db8::1'],
    ['an address sent as a name', request(3, name('192.168.1.1')), '192.168.1.1'],
  ])('takes %s', (_what, bytes, host) => {
    expect(hear(Buffer.concat([signIn, bytes]), 1000).at(-1)).toMatchObject({ destination: { host, port: 443 } });
  });

  it('hands on what came after the request', () => {
    const heard = hear(Buffer.concat([signIn, request(3, name('a.example')), Buffer.from('early')]), 1000);
    expect(heard.at(-1)).toMatchObject({ kind: 'request', rest: Buffer.from('early') });
  });

  it.each([
    ['BIND', request(1, Buffer.from([8, 8, 8, 8]), 80, 2), socks5Replies.commandNotSupported],
    ['UDP ASSOCIATE', request(1, Buffer.from([8, 8, 8, 8]), 80, 3), socks5Replies.commandNotSupported],
    ['an unknown address type', request(9, Buffer.from([8, 8, 8, 8])), socks5Replies.addressTypeNotSupported],
    ['port 0', request(3, name('a.example'), 0), socks5Replies.generalFailure],
    ['a name with a space', request(3, name('a b')), socks5Replies.generalFailure],
    ['a name that hides a path', request(3, name('a/b')), socks5Replies.generalFailure],
    ['an empty name', request(3, name('')), socks5Replies.generalFailure],
  ])('refuses %s by its code', (_what, bytes, code) => {
    expect(hear(Buffer.concat([signIn, bytes]), 1000).at(-1)).toEqual({ kind: 'failed', reply: socks5Reply(code) });
  });

  it('refuses a client that offers no user name and password', () => {
    expect(hear(Buffer.from([5, 1, 0]), 1000)).toEqual([{ kind: 'failed', reply: Buffer.from([5, 0xff]) }]);
  });

  it.each([
    ['SOCKS4', Buffer.from([4, 1, 0, 80])],
    ['HTTP', Buffer.from('CONNECT a:1 HTTP/1.1\r\n')],
    ['another version at sign-in', Buffer.concat([greeting, Buffer.from([5, 1, 0])])],
    ['another version at the request', Buffer.concat([signIn, Buffer.from([4, 1, 0, 1])])],
  ])('says nothing to %s', (_what, bytes) => {
    expect(hear(bytes, 1000).at(-1)).toEqual({ kind: 'unreadable' });
  });
});
