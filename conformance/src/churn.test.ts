import { expect, test } from 'vitest';
import { churn } from '../test-support/churn.ts';

const mib = 1024 * 1024;

// For longer: `node conformance/test-support/churn.ts --worker-minutes 24 --workers 8 --runs 3`.
test('after connecting, transferring, resetting, half-closing and being refused over and over nothing is left, and each byte is paid once', async () => {
  const {
    before,
    after: afterEach,
    conversations,
    ...bytes
  } = await churn({ workers: 8, span: { rounds: 36 }, runs: 2 });
  const [afterFirst, after] = afterEach;
  if (afterFirst === undefined || after === undefined) throw new Error('two runs were asked for');
  expect(Object.keys(conversations)).toHaveLength(11);
  for (const count of Object.values(conversations)) expect(count).toBeGreaterThanOrEqual(40);
  expect([after.tunnels, after.connections]).toEqual([0, 0]);
  // Connections to the edge come and go.
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 3);
  expect(after.sockets).toBeLessThanOrEqual(before.sockets + 3);
  expect(after.timers).toBeLessThanOrEqual(before.timers + 3);
  expect(after.heapBytes).toBeLessThanOrEqual(before.heapBytes + 4 * mib);
  expect(after.externalBytes).toBeLessThanOrEqual(before.externalBytes + 4 * mib);
  // What a rush takes the next one takes again: a second leaves no more than the first, but for what one happens to hold.
  expect(after.residentBytes).toBeLessThanOrEqual(afterFirst.residentBytes + 48 * mib);
  expect(bytes.movedBytes).toBeGreaterThan(mib);
  expect(bytes.billedBytes).toBe(bytes.movedBytes);
  expect(bytes.allBilledBytes).toBe(bytes.relayedBytes);
}, 120_000);
