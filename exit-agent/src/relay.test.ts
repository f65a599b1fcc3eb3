import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { dial } from './dial.ts';
import { OriginReader } from './origin-reader.ts';
import { relay } from './relay.ts';
import { openTunnel, startOrigin, startTestAgent, TestClient, testConfig } from '../test-support/agent-fixture.ts';

const loopback = (port: number) => `127.0.0.1:${port}`;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** All that a socket receives until its end. */
async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

test('20 MB go each way at once, intact to the byte', async () => {
  const down = randomBytes(20_000_000);
  const up = randomBytes(20_000_000);
  let atOrigin: Promise<Buffer> | undefined;
  await using origin = await startOrigin((socket) => {
    atOrigin = readAll(socket);
    socket.end(down);
  });
  await using agent = await startTestAgent(testConfig([origin.port]));
  const { client } = await openTunnel(agent.port, loopback(origin.port));
  client.socket.end(up);
  expect(await client.ended).toBe('end');
  expect(sha256(client.received)).toBe(sha256(down));
  expect(sha256(await (atOrigin ?? Promise.resolve(Buffer.alloc(0))))).toBe(sha256(up));
  expect(await agent.event('tunnel')).toMatchObject({
    outcome: 'closed',
    bytes_up: up.length,
    bytes_down: down.length,
  });
});

test('many tunnels at once, in pieces of all sizes, never mix their bytes', async () => {
  await using origin = await startOrigin((socket) => socket.pipe(socket));
  await using agent = await startTestAgent(testConfig([origin.port]));
  const tunnels = await Promise.all(Array.from({ length: 20 }, () => openTunnel(agent.port, loopback(origin.port))));
  await Promise.all(
    tunnels.map(async ({ client }, number) => {
      const sent: Buffer[] = [];
      for (let round = 0; round < 40; round += 1) {
        const piece = Buffer.alloc(1 + ((number * 7919 + round * 104_729) % 100_000), number + 1);
        sent.push(piece);
        if (!client.socket.write(piece)) await once(client.socket, 'drain');
      }
      client.socket.end();
      await client.ended;
      expect(sha256(client.received)).toBe(sha256(Buffer.concat(sent)));
    }),
  );
});

test('a client that ends first still gets the whole answer', async () => {
  const answer = randomBytes(3_000_000);
  await using origin = await startOrigin((socket) => {
    // Speaks only after it was told everything.
    readAll(socket).then(
      (asked) => socket.end(Buffer.concat([asked, answer])),
      () => socket.destroy(),
    );
  });
  await using agent = await startTestAgent(testConfig([origin.port]));
  const { client } = await openTunnel(agent.port, loopback(origin.port));
  client.socket.end('question');
  expect(await client.ended).toBe('end');
  expect(sha256(client.received)).toBe(sha256(Buffer.concat([Buffer.from('question'), answer])));
});

test('an origin that ends first still gets all that the client says afterwards', async () => {
  const question = randomBytes(3_000_000);
  let atOrigin: Promise<Buffer> | undefined;
  await using origin = await startOrigin((socket) => {
    atOrigin = readAll(socket);
    socket.end('answer');
  });
  await using agent = await startTestAgent(testConfig([origin.port]));
  const { client } = await openTunnel(agent.port, loopback(origin.port));
  expect(await client.ended).toBe('end');
  expect(client.received.toString()).toBe('answer');
  client.socket.end(question);
  expect(sha256(await (atOrigin ?? Promise.resolve(Buffer.alloc(0))))).toBe(sha256(question));
  expect(await agent.event('tunnel')).toMatchObject({ outcome: 'closed', bytes_up: question.length, bytes_down: 6 });
});

test('an origin that resets resets the client', async () => {
  await using origin = await startOrigin((socket) => {
    socket.write('half of it', () => socket.once('data', () => socket.resetAndDestroy()));
  });
  await using agent = await startTestAgent(testConfig([origin.port]));
  const { client } = await openTunnel(agent.port, loopback(origin.port));
  await client.takeThrough('half of it');
  client.socket.write('now');
  expect(await client.ended).toBe('reset');
  expect(await agent.event('tunnel')).toMatchObject({ outcome: 'reset', bytes_down: 10 });
});

test('a client that resets resets the origin', async () => {
  await using origin = await startOrigin((socket) => socket.resume());
  await using agent = await startTestAgent(testConfig([origin.port]));
  const { client } = await openTunnel(agent.port, loopback(origin.port));
  const error = once(origin.accepted[0] ?? client.socket, 'error');
  client.socket.resetAndDestroy();
  expect(await error).toMatchObject([{ code: 'ECONNRESET' }]);
  expect(await agent.event('tunnel')).toMatchObject({ outcome: 'reset' });
});

test('an origin that breaks off after it has ended takes nothing back of what it had said', async () => {
  const answer = randomBytes(300_000);
  await using origins = await startOrigin(() => {});
  await using clients = await startOrigin(() => {});
  const reader = new OriginReader();
  const dialled = await dial(
    ['127.0.0.1'],
    origins.port,
    { localAddress: undefined, totalMs: 10_000, perAddressMs: 10_000 },
    { onSocket: () => {}, onread: reader.onread },
  );
  const peer = TestClient.connect(clients.port);
  peer.socket.pause();
  await once(peer.socket, 'connect');
  const [atOrigin] = origins.accepted;
  const [client] = clients.accepted;
  if (!dialled.ok || atOrigin === undefined || client === undefined) throw new Error('not connected');
  const outcome = new Promise((resolve) => {
    relay({ client, origin: dialled.value, reader }, { idleTimeoutMs: 600_000, lingerMs: 2000 }, resolve);
  });

  atOrigin.end(answer);
  await once(dialled.value, 'end');
  atOrigin.resetAndDestroy();
  peer.socket.write('to nobody');
  await new Promise((resolve) => dialled.value.once('close', resolve));
  peer.socket.resume();
  expect(await peer.ended).toBe('end');
  expect(sha256(peer.received)).toBe(sha256(answer));
  peer.socket.end();
  expect(await outcome).toBe('reset');
});

const maxWrittenBytes = 200_000_000;

/** Writes without end, a piece whenever there is room; gives how much was asked of the socket so far. */
function writeOn(socket: Socket): () => number {
  const piece = Buffer.alloc(1_000_000);
  let written = 0;
  const give = () => {
    let isTaken = true;
    while (isTaken && !socket.destroyed && written < maxWrittenBytes) {
      isTaken = socket.write(piece);
      written += piece.length;
    }
    socket.once('drain', give);
  };
  give();
  return () => written;
}

test('a side that reads nothing holds the other back instead of filling the memory', async () => {
  await using origin = await startOrigin(() => {});
  await using agent = await startTestAgent(testConfig([origin.port]));
  for (const direction of ['down', 'up'] as const) {
    const { client } = await openTunnel(agent.port, loopback(origin.port));
    const held = origin.accepted.at(-1);
    client.socket.pause();
    const written = writeOn((direction === 'down' ? held : undefined) ?? client.socket);
    // In the time that another tunnel takes to move as much, one that is not held back would have moved it too.
    const other = await openTunnel(agent.port, loopback(origin.port));
    origin.accepted.at(-1)?.end(Buffer.alloc(maxWrittenBytes));
    let moved = 0;
    other.client.socket.removeAllListeners('data').on('data', (bytes: Buffer) => (moved += bytes.length));
    expect(await other.client.ended).toBe('end');
    expect(moved).toBe(maxWrittenBytes);
    expect(written(), direction).toBeLessThan(50_000_000);
    other.client.socket.end();
    expect(await agent.event('tunnel')).toMatchObject({ outcome: 'closed' });
    // A client that is held back is only seen to be gone once the origin reads again.
    client.socket.resetAndDestroy();
    held?.resume();
    expect(await agent.event('tunnel')).toMatchObject({ outcome: 'reset' });
  }
});

test('a tunnel in which nobody says anything is cut', async () => {
  await using origin = await startOrigin((socket) => socket.resume());
  await using agent = await startTestAgent(testConfig([origin.port], { idleTimeoutMs: 20 }));
  const { client } = await openTunnel(agent.port, loopback(origin.port));
  expect(await client.ended).toBe('reset');
  expect(await agent.event('tunnel')).toMatchObject({ outcome: 'idle' });
});
