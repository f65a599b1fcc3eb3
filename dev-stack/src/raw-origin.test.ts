import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { patternByte } from './origin/pattern.ts';
import { startRawOrigin, type RawOrigin } from './raw-origin.ts';

let origin: RawOrigin;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  origin = parts.use(await startRawOrigin({ port: 0, behaviour: { kind: 'black-hole' } }));
});
afterAll(async () => parts.disposeAsync());

/** A connection and the port it comes from, which the socket itself forgets when it closes. */
async function open(): Promise<{ socket: Socket; port: number }> {
  const socket = connect({ host: origin.host, port: origin.port, allowHalfOpen: true });
  await once(socket, 'connect');
  return { socket, port: socket.localPort ?? 0 };
}

/** The error that the socket ends with. */
async function failed(socket: Socket): Promise<unknown> {
  socket.resume();
  const [error] = (await once(socket, 'error')) as [unknown];
  return error;
}

test('answer-then-read sends its answer and FIN first and counts what comes afterwards', async () => {
  origin.behave({ kind: 'answer-then-read', answerBytes: 1_000 });
  const { socket, port } = await open();
  const answer = await buffer(socket); // ends with the origin's FIN, while our side is still open
  expect(answer.every((byte, offset) => byte === patternByte(offset))).toBe(true);
  socket.end(Buffer.alloc(300_000));
  expect(await origin.counter.closed(port)).toMatchObject({
    bytesRead: 300_000,
    bytesWritten: 1_000,
    failed: false,
  });
});

test('read-then-answer waits for the FIN and then answers', async () => {
  origin.behave({ kind: 'read-then-answer', answerBytes: 700_000 });
  const { socket, port } = await open();
  socket.end(Buffer.alloc(1_000));
  expect((await buffer(socket)).length).toBe(700_000);
  expect(await origin.counter.closed(port)).toMatchObject({
    bytesRead: 1_000,
    bytesWritten: 700_000,
    failed: false,
  });
});

test('echo sends back what it gets and half-closes after the client', async () => {
  origin.behave({ kind: 'echo' });
  const { socket } = await open();
  const sent = Buffer.alloc(500_000, 'abc');
  socket.end(sent);
  expect((await buffer(socket)).equals(sent)).toBe(true);
});

test('reset-after-reading resets once so many bytes have come', async () => {
  origin.behave({ kind: 'reset-after-reading', bytes: 10_000 });
  const { socket, port } = await open();
  socket.write(Buffer.alloc(9_999));
  socket.write('x');
  expect(await failed(socket)).toMatchObject({ code: 'ECONNRESET' });
  const { bytesRead } = await origin.counter.closed(port);
  expect(bytesRead).toBe(10_000);
});

test('reset-after-writing resets once so many bytes were sent', async () => {
  origin.behave({ kind: 'reset-after-writing', bytes: 10_000 });
  const closed = once(origin.counter.events, 'close');
  const socket = connect({ host: origin.host, port: origin.port });
  expect(await failed(socket)).toMatchObject({ code: 'ECONNRESET' });
  expect(socket.bytesRead).toBeLessThanOrEqual(10_000);
  expect(await closed).toEqual([expect.objectContaining({ bytesWritten: 10_000 })]);
});

test('black-hole takes a connection, and no byte of it', async () => {
  origin.behave({ kind: 'black-hole' });
  const { socket, port } = await open();
  await new Promise((resolve) => socket.write('hello', resolve));
  await vi.waitFor(() => {
    const seen = origin.connections().find((one) => one.remotePort === port);
    expect(seen).toMatchObject({ closed: false, bytesRead: 0, bytesWritten: 0 });
  });
  socket.resetAndDestroy();
});
