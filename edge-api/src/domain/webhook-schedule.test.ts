import { expect, test } from 'vitest';
import { disableAfterMs, nextWaitMs } from './webhook-schedule.ts';

test('a delivery is tried ten times, at growing distances, over a little more than the three days that disable an endpoint', () => {
  const waits: number[] = [];
  for (let tries = 1; tries < 100; tries += 1) {
    const waitMs = nextWaitMs(tries);
    if (waitMs === undefined) break;
    waits.push(waitMs);
  }
  expect(waits).toHaveLength(9);
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  const wholeMs = waits.reduce((sum, waitMs) => sum + waitMs, 0);
  expect(wholeMs).toBeGreaterThan(disableAfterMs);
  expect(wholeMs).toBeLessThan(disableAfterMs + 6 * 3_600_000);
});
