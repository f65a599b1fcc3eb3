import { expect, test } from 'vitest';
import { pickDistinct } from './batch-author.ts';

test('a pick holds no one twice, and all there are when more are asked for', () => {
  const all = Array.from({ length: 50 }, (_, index) => index);
  const some = pickDistinct(all, 20);
  expect(some).toHaveLength(20);
  expect(new Set(some).size).toBe(20);
  expect(pickDistinct(all, 80).toSorted((a, b) => a - b)).toEqual(all);
  expect(pickDistinct([], 3)).toEqual([]);
});
