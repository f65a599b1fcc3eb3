import { expect, test } from 'vitest';
import { churn } from '../test-support/churn.ts';

const mib = 1024 * 1024;

// For longer: `node conformance/test-support/churn.ts --worker-minutes 24 --workers 8`.
test('after connecting, transferring, resetting, half-closing and being refused over and over nothing is left, and each byte is paid once', async () => {
  const { before, after, conversations, ...bytes } = await churn({ workers: 8, span: { rounds: 60 } });
  expect(Object.keys(conversations)).toHaveLength(11);
  for (const count of Object.values(conversations)) expect(count).toBeGreaterThanOrEqual(40);
  expect([after.tunnels, after.connections]).toEqual([0, 0]);
  // Connections to the edge come and go.
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 3);
  expect(after.sockets).toBeLessThanOrEqual(before.sockets + 3);
  expect(after.timers).toBeLessThanOrEqual(before.timers + 3);
  expect(after.heapBytes).toBeLessThanOrEqual(before.heapBytes + 4 * mib);
  expect(after.externalBytes).toBeLessThanOrEqual(before.externalBytes + 4 * mib);
  expect(after.residentBytes).toBeLessThanOrEqual(before.residentBytes + 128 * mib);
  expect(bytes.movedBytes).toBeGreaterThan(mib);
  expect(bytes.billedBytes).toBe(bytes.movedBytes);
  expect(bytes.allBilledBytes).toBe(bytes.relayedBytes);
}, 120_000);
