import { expect, test } from 'vitest';
import { disableAfterMs, nextWaitMs } from './webhook-schedule.ts';

const hourMs = 3_600_000;

test('a delivery is tried ten times, at growing distances, over 75.6 hours: its last try is after the 72 that disable an endpoint, the one before it is not', () => {
  const waits: number[] = [];
  for (let tries = 1; tries < 100; tries += 1) {
    const waitMs = nextWaitMs(tries);
    if (waitMs === undefined) break;
    waits.push(waitMs);
  }
  expect(waits).toHaveLength(9);
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  const wholeMs = waits.reduce((sum, waitMs) => sum + waitMs, 0);
  expect(wholeMs / hourMs).toBe(75.6);
  expect(disableAfterMs / hourMs).toBe(72);
  expect(wholeMs - (waits.at(-1) ?? 0)).toBeLessThan(disableAfterMs);
});
