import { once } from 'node:events';
import { createServer } from 'node:net';
import { createSecureContext } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../test-support/event-log.ts';
import type { Dialling, Leg } from './leg.ts';
import { DnsCache } from './dns-cache.ts';
import { NodeSockets } from './node-sockets.ts';

const nobody = '127.0.0.99';

/** Dials a name by Node's sockets; gives what is told, one line each. */
async function dial(names: DnsCache, port: number): Promise<string[]> {
  const lines: string[] = [];
  let connected: Leg | undefined;
  const dialling: Dialling = {
    onConnect: (leg) => {
      connected = leg;
      lines.push('connected');
    },
    onBytes: () => true,
    onEnd: () => lines.push('ended'),
    onClose: (error) => lines.push(error?.code ?? 'closed'),
  };
  const sockets = await NodeSockets.open(createSecureContext(), names);
  sockets.dial({ type: 'socks5', host: 'exit.example', port, tls: false }, dialling);
  onTestFinished(() => connected?.destroy());
  return lines;
}

test('a name is looked up where all are, and an address that refuses leads to the next', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not bound to an IP address');
  const asked: string[] = [];
  const names = new DnsCache((name, callback) => {
    asked.push(name);
    setImmediate(callback, null, [nobody, '127.0.0.1']);
  });
  const first = await dial(names, address.port);
  await eventually(() => expect(first).toEqual(['connected']));
  const second = await dial(names, address.port);
  await eventually(() => expect(second).toEqual(['connected']));
  expect(asked).toEqual(['exit.example']);
});

test('a name that leads nowhere fails with the error of the look-up', async () => {
  const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  const lines = await dial(new DnsCache((_name, callback) => setImmediate(callback, error, [])), 1);
  await eventually(() => expect(lines).toEqual(['ENOTFOUND']));
});
