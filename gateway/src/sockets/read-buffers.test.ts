import { expect, test } from 'vitest';
import { ReadBuffers } from './read-buffers.ts';

const full = 16_384;
const little = 100;

/** The buffer that a socket which has read the shared one full goes on with. */
function stream(buffers: ReadBuffers): Buffer {
  const buffer = buffers.decide(buffers.quiet, full, true);
  expect(buffers.next()).toBe(buffer);
  return buffer;
}

test('quiet sockets share one buffer', () => {
  const buffers = new ReadBuffers();
  expect(buffers.next()).toBe(buffers.quiet);
  expect(buffers.decide(buffers.quiet, little, true)).toBe(buffers.quiet);
  expect(buffers.next()).toBe(buffers.quiet);
});

test('a socket that streams has a buffer to itself until it is quiet', () => {
  const buffers = new ReadBuffers();
  const [one, other] = [stream(buffers), stream(buffers)];
  expect(one).not.toBe(other);
  expect(one.length).toBeGreaterThan(full);
  expect(buffers.decide(one, one.length, true)).toBe(one);
  expect(buffers.decide(one, little, true)).toBe(buffers.quiet);
  expect(stream(buffers)).toBe(one);
});

test('a buffer that is still being written from goes to nobody else', () => {
  const buffers = new ReadBuffers();
  const busy = stream(buffers);
  expect(buffers.decide(busy, little, false)).toBe(busy);
  expect(stream(buffers)).not.toBe(busy);
  buffers.giveBack(busy, false);
  expect(stream(buffers)).not.toBe(busy);
});

test('the choice for one socket is not taken for another', () => {
  const buffers = new ReadBuffers();
  buffers.decide(buffers.quiet, full, true);
  buffers.next();
  // A socket that begins asks for its first buffer without having read.
  expect(buffers.next()).toBe(buffers.quiet);
});

test('there is a bound on buffers, beyond which sockets stream in small steps', () => {
  const buffers = new ReadBuffers();
  const lent = new Set<Buffer>();
  const bound = 4096;
  for (let count = 0; count < bound; count += 1) lent.add(stream(buffers));
  expect(lent.size).toBe(bound);
  expect(stream(buffers)).toBe(buffers.quiet);
  const [one] = lent;
  if (one !== undefined) buffers.giveBack(one, true);
  expect(stream(buffers)).toBe(one);
});
