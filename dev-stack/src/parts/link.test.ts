import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openListener, type Listener } from '../listener.ts';
import { openLink, type Link } from './link.ts';

let echo: Listener;
let link: Link;

beforeEach(async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  echo = await openListener(server, { port: 0 });
  link = await openLink(echo.port);
});

afterEach(async () => {
  await link[Symbol.asyncDispose]();
  await echo[Symbol.asyncDispose]();
});

async function open(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: link.port, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** Sends all of it with a FIN, and gives what comes back until the other side's. */
async function exchange(socket: Socket, sent: Buffer): Promise<Buffer> {
  socket.end(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function failureOf(socket: Socket): Promise<string | undefined> {
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  return error.code;
}

test('carries every byte both ways, and each side’s end by itself', async () => {
  const sent = Buffer.alloc(3_000_000, 'marvel');
  expect((await exchange(await open(), sent)).equals(sent)).toBe(true);
});

test('a cut resets open connections and new ones, until it is healed', async () => {
  const before = await open();
  const failure = failureOf(before);
  link.cut();
  expect(await failure).toBe('ECONNRESET');
  expect(await failureOf(connect({ host: '127.0.0.1', port: link.port }))).toBe('ECONNRESET');
  link.heal();
  expect((await exchange(await open(), Buffer.from('again'))).toString()).toBe('again');
});

test('a delay holds what passes, in both directions', async () => {
  link.delay(30);
  const startedAtMs = performance.now();
  expect((await exchange(await open(), Buffer.from('slow'))).toString()).toBe('slow');
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(59);
});
