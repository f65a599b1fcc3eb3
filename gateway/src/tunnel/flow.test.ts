import { once } from 'node:events';
import { beforeEach, expect, test } from 'vitest';
import { socketPair } from '../../test-support/socket-pair.ts';
import type { LegReceiver } from '../sockets/leg.ts';
import { ReadBuffers } from '../sockets/read-buffers.ts';
import { SocketLeg } from '../sockets/socket-leg.ts';
import { Flow, type FlowOwner } from './flow.ts';

const ignored: LegReceiver = { onBytes: () => true, onEnd: () => {}, onClose: () => {} };
const books = { accepted: 0, allowed: Number.POSITIVE_INFINITY };
const owner: FlowOwner = {
  take: (bytes) => Math.min(bytes, books.allowed),
  untake: () => {},
  accepted: (_flow, bytes) => {
    books.accepted += bytes;
  },
  sourceEnded: () => {},
  flowDone: () => {},
  legClosed: () => {},
};

beforeEach(() => {
  books.accepted = 0;
  books.allowed = Number.POSITIVE_INFINITY;
});

test('bytes that were only lent may change while their write is pending', async () => {
  const [near, far] = [await socketPair(), await socketPair()];
  const buffers = new ReadBuffers();
  const source = SocketLeg.ofAccepted(near.accepted, ignored, buffers, undefined);
  const sink = SocketLeg.ofAccepted(far.accepted, ignored, buffers, undefined);
  const flow = new Flow(source, sink, owner);
  far.connecting.pause();
  // Fills whatever the kernel takes, so that the next write has to wait.
  const filling = Buffer.alloc(64_000_000, 'f');
  far.accepted.write(filling);
  const lent = Buffer.from('as it was read');
  expect(flow.onBytes(lent, true)).toBe(false);
  lent.fill('x');
  expect(books.accepted).toBe(0);
  let received = Buffer.alloc(0);
  far.connecting.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received.subarray(-100), chunk]).subarray(-100);
  });
  far.connecting.resume();
  await once(far.accepted, 'drain');
  far.accepted.end();
  await once(far.connecting, 'end');
  expect(received.subarray(-14).toString()).toBe('as it was read');
  expect(books.accepted).toBe(14);
  for (const socket of [near.accepted, near.connecting, far.accepted, far.connecting]) socket.destroy();
});
