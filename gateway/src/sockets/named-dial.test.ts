import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { makeBlackHole } from '../../test-support/black-hole.ts';
import { eventually } from '../../test-support/event-log.ts';
import { openDescriptors, openedSince } from '../../test-support/open-descriptors.ts';
import type { Dialling, Leg } from './leg.ts';
import { NamedDial } from './named-dial.ts';
import { DnsCache } from './dns-cache.ts';
import { nativeEngine } from './native-sockets.ts';

const name = 'exit.example';
const nobody = '127.0.0.99';

/** Names that lead to these addresses. */
function leadingTo(...addresses: string[]): DnsCache {
  return new DnsCache((_name, callback) => {
    setImmediate(callback, null, addresses);
  });
}

/** What a dial tells, one line each; text that comes is sent back. */
class Told implements Dialling {
  readonly lines: string[] = [];
  #leg: Leg | undefined;

  constructor() {
    onTestFinished(() => this.#leg?.destroy());
  }

  onConnect(leg: Leg): void {
    this.#leg = leg;
    this.lines.push(`connected to ${leg.address}`);
  }

  onBytes(bytes: Buffer): boolean {
    this.#leg?.write(bytes);
    return true;
  }

  onEnd(): void {
    this.lines.push('ended');
  }

  onClose(error: NodeJS.ErrnoException | undefined): void {
    this.lines.push(error?.code ?? 'closed');
  }
}

/** A listener, and who came to it. */
async function listen(host = '127.0.0.1', port = 0): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => {}))).listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not bound to an IP address');
  return { port: address.port, sockets };
}

function dial(names: DnsCache, port: number): { told: Told; dialled: NamedDial } {
  const told = new Told();
  return { told, dialled: new NamedDial(nativeEngine(), names, name, port, told) };
}

test('a name is looked up, dialled, and the connection carries bytes both ways', async () => {
  const { port, sockets } = await listen();
  const { told } = dial(leadingTo('127.0.0.1'), port);
  expect(told.lines).toEqual([]);
  await eventually(() => {
    expect(told.lines).toEqual(['connected to 127.0.0.1']);
    expect(sockets).toHaveLength(1);
  });
  const [far] = sockets;
  far?.write('there and back');
  expect(String(await new Promise((resolve) => far?.once('data', resolve)))).toBe('there and back');
  far?.end();
  await eventually(() => expect(told.lines).toEqual(['connected to 127.0.0.1', 'ended']));
});

test('an address that refuses leads to the next, which is then tried first', async () => {
  const { port, sockets } = await listen();
  const names = leadingTo(nobody, '127.0.0.1');
  const { told } = dial(names, port);
  await eventually(() => expect(told.lines).toEqual(['connected to 127.0.0.1']));
  expect(names.known(name)).toEqual(['127.0.0.1', nobody]);
  const again = dial(names, port);
  await eventually(() => expect(again.told.lines).toEqual(['connected to 127.0.0.1']));
  await eventually(() => expect(sockets).toHaveLength(2));
});

test('an address in a black hole leads to the next, and its attempt is given up', async () => {
  const { port, sockets } = await listen();
  await makeBlackHole('127.0.0.98', port);
  const before = await openDescriptors();
  const { told } = dial(leadingTo('127.0.0.98', '127.0.0.1'), port);
  await eventually(() => expect([told.lines, sockets.length]).toEqual([['connected to 127.0.0.1'], 1]));
  // Both ends of the one that stands.
  await eventually(async () => expect(await openedSince(before)).toHaveLength(2));
});

test('a name whose addresses all fail does so once, as the best of them', async () => {
  const { port } = await listen();
  // The last cannot be dialled from here at all, as one of a family that this host has not.
  const names = leadingTo(nobody, '127.0.0.97', 'not an address');
  const { told } = dial(names, port);
  await eventually(() => expect(told.lines).toEqual(['ECONNREFUSED']));
  const again = dial(names, port);
  await eventually(() => expect(again.told.lines).toEqual(['ECONNREFUSED']));
  expect(told.lines).toHaveLength(1);
});

test('a name that leads nowhere fails with the error of the look-up', async () => {
  const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  const { told } = dial(new DnsCache((_name, callback) => setImmediate(callback, error, [])), 1);
  await eventually(() => expect(told.lines).toEqual(['ENOTFOUND']));
});

test('a dial that is given up tells nothing and leaves nothing, while it looks up and while it dials', async () => {
  const { port, sockets } = await listen();
  const names = leadingTo('127.0.0.1');
  const before = await openDescriptors();
  const early = dial(names, port);
  early.dialled.destroy();
  await eventually(() => expect(names.known(name)).toBeDefined());
  const late = dial(names, port);
  late.dialled.destroy();
  await eventually(async () => {
    expect(sockets.every((socket) => socket.destroyed || socket.readableEnded)).toBe(true);
    for (const socket of sockets) socket.destroy();
    expect(await openedSince(before)).toEqual([]);
  });
  expect([early.told.lines, late.told.lines]).toEqual([[], []]);
});
