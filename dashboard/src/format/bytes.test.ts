import { expect, test } from 'vitest';
import { formatBytes } from './bytes.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [-1500, '-1.50 kB'],
  [9_994_999, '9.99 MB'],
  [9_996_000, '10.0 MB'],
  [123_456_789, '123 MB'],
  [999_949_999, '1.00 GB'],
  [2_500_000_000_000, '2.50 TB'],
  [2 ** 53 - 1, '9.01 PB'],
])('%d bytes read as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
