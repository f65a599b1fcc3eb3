import { expect, test } from 'vitest';
import { backOffMs } from './back-off.ts';

const bounds = { firstMs: 100, maxMs: 3000 };

test.each([
  [1, 50, 100],
  [2, 100, 200],
  [5, 800, 1600],
  [6, 1500, 3000],
  [1_000_000, 1500, 3000],
])('after failure %d it waits between %d and %d ms', (failures, lowMs, highMs) => {
  expect(backOffMs(failures, bounds, () => 0)).toBe(lowMs);
  expect(backOffMs(failures, bounds, () => 1)).toBe(highMs);
});
