import { describe, expect, it } from 'vitest';
import type { HandshakeEvent } from './handshake.ts';
import { Socks5Handshake } from './socks5-handshake.ts';

const request = { host: 'example.com', port: 443, requestId: '' };
const noMethod = Buffer.from([5, 0xff]);
const noneMethod = Buffer.from([5, 0]);
const passwordMethod = Buffer.from([5, 2]);
const signedIn = Buffer.from([1, 0]);
const reply = (type: number, address: readonly number[], code = 0) =>
  Buffer.from([5, code, 0, type, ...address, 0x1f, 0x90]);
const ipv4Reply = reply(1, [0, 0, 0, 0]);
const connectExample = Buffer.concat([
  Buffer.from([5, 1, 0, 3, 11]),
  Buffer.from('example.com'),
  Buffer.from([1, 187]),
]);
const asks = (bytes: Buffer): HandshakeEvent => ({ kind: 'send', bytes });
const fails: HandshakeEvent = { kind: 'failed', fault: 'exit' };

function handshake(username?: string, password?: string, host = request.host): Socks5Handshake {
  const made = Socks5Handshake.of({ ...request, host }, username, password);
  if (made === undefined) throw new Error('not spoken');
  return made;
}

/** Plays an exit's messages in pieces of `size` bytes; gives what came of it, waiting aside. */
function play(machine: Socks5Handshake, size: number, ...messages: readonly Buffer[]): HandshakeEvent[] {
  const events: HandshakeEvent[] = [];
  for (const message of messages) {
    for (let at = 0; at < message.length; at += size) {
      // The piece is overwritten afterwards: the machine must not keep it.
      const piece = Buffer.from(message.subarray(at, at + size));
      const event = machine.push(piece);
      piece.fill(0xee);
      if (event.kind !== 'more') events.push(event);
      if (event.kind === 'open' || event.kind === 'failed') return events;
    }
  }
  return events;
}

describe('a SOCKS5 handshake with an exit', () => {
  it.each([1, 2, 3, 1000])('without credentials takes two round trips, in pieces of %i bytes', (size) => {
    const machine = handshake();
    expect(machine.request).toEqual(Buffer.from([5, 1, 0]));
    const events = play(machine, size, noneMethod, ipv4Reply);
    expect(events).toEqual([
      asks(connectExample),
      { kind: 'open', restAt: size === 1000 ? 10 : ((10 - 1) % size) + 1 },
    ]);
  });

  it.each([1, 2, 3, 1000])('signs in when it is asked to, in pieces of %i bytes', (size) => {
    const machine = handshake('user', 'pass');
    expect(machine.request).toEqual(Buffer.from([5, 2, 0, 2]));
    const events = play(machine, size, passwordMethod, signedIn, ipv4Reply);
    expect(events.slice(0, 2)).toEqual([asks(Buffer.from('\x01\x04user\x04pass', 'latin1')), asks(connectExample)]);
    expect(events.at(-1)?.kind).toBe('open');
  });

  it('does not sign in where that is not asked for', () => {
    expect(play(handshake('user', 'pass'), 1000, noneMethod)).toEqual([asks(connectExample)]);
  });

  it.each([
    ['an IPv4 address', '192.0.2.1', '05010001c000020101bb'],
    ['an IPv6 address', '2001:db8::1', '0501000420010db800000000000000000000000101bb'],
    ['what only looks like an address', '2130706433', '050100030a3231333037303634333301bb'],
  ])('asks for %s as what it is', (_what, host, hex) => {
    expect(play(handshake(undefined, undefined, host), 1000, noneMethod)).toEqual([asks(Buffer.from(hex, 'hex'))]);
  });

  it.each([
    ['an IPv4 address', ipv4Reply],
    [
      'an IPv6 address',
      reply(
        4,
        Array.from({ length: 16 }, () => 7),
      ),
    ],
    ['a name', reply(3, [4, 0x65, 0x78, 0x69, 0x74])],
    ['an empty name', reply(3, [0])],
    ['the longest name', reply(3, [255, ...Array.from({ length: 255 }, () => 0x61)])],
  ])('leaves to the tunnel what is glued to a reply with %s', (_what, bytes) => {
    const machine = handshake();
    play(machine, 1000, noneMethod);
    expect(machine.push(Buffer.concat([bytes, Buffer.from('first')]))).toEqual({ kind: 'open', restAt: bytes.length });
    const torn = handshake();
    play(torn, 1000, noneMethod);
    expect(torn.push(bytes.subarray(0, -1))).toEqual({ kind: 'more' });
    expect(torn.push(Buffer.concat([bytes.subarray(-1), Buffer.from('first')]))).toEqual({ kind: 'open', restAt: 1 });
  });

  it.each([
    ['no method will do', [noMethod]],
    ['credentials are wanted that there are none of', [passwordMethod]],
    ['a method is chosen that was not offered', [Buffer.from([5, 1])]],
    ['it speaks SOCKS4', [Buffer.from([4])]],
    ['it speaks HTTP', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
    ['the reply is of another version', [noneMethod, Buffer.from([0])]],
    ['the bound address is of an unknown type', [noneMethod, reply(9, [0, 0, 0, 0])]],
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 255].map((code): [string, Buffer[]] => [
      `the reply is ${code}`,
      [noneMethod, reply(1, [0, 0, 0, 0], code)],
    ]),
    ['a refusal is cut short', [noneMethod, Buffer.from([5, 5])]],
  ])('blames the exit when %s', (_what, messages) => {
    expect(play(handshake(), 1, ...messages).at(-1)).toEqual(fails);
    expect(play(handshake(), 1000, ...messages).at(-1)).toEqual(fails);
  });

  it('blames the exit when it answers before it was asked', () => {
    expect(play(handshake(), 1000, Buffer.concat([noneMethod, ipv4Reply]))).toEqual([fails]);
  });

  it.each([
    ['wrong', Buffer.from([1, 1])],
    ['wrong, in other words', Buffer.from([1, 255])],
    ['not answered in kind', Buffer.from([5, 0])],
    ['answered together with a request not made yet', Buffer.concat([signedIn, ipv4Reply])],
  ])('blames the exit when credentials are %s', (_what, message) => {
    expect(play(handshake('user', 'pass'), 1000, passwordMethod, message).at(-1)).toEqual(fails);
  });

  it('sends an empty name or password where only the other is set', () => {
    expect(play(handshake('user'), 1000, passwordMethod)).toEqual([asks(Buffer.from('\x01\x04user\x00', 'latin1'))]);
    expect(play(handshake(undefined, 'pass'), 1000, passwordMethod)).toEqual([
      asks(Buffer.from('\x01\x00\x04pass', 'latin1')),
    ]);
  });

  it('is not begun with what SOCKS5 has no room for', () => {
    const long = 'a'.repeat(256);
    expect(Socks5Handshake.of({ ...request, host: long }, undefined, undefined)).toBeUndefined();
    expect(Socks5Handshake.of(request, long, 'pass')).toBeUndefined();
    expect(Socks5Handshake.of(request, 'user', long)).toBeUndefined();
    expect(Socks5Handshake.of({ ...request, host: long.slice(1) }, long.slice(1), long.slice(1))).toBeDefined();
  });
});
