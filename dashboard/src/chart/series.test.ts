import { expect, test } from 'vitest';
import { bucketsOf, restName, toBars } from './series.ts';

test('every bucket that a period touches has a bar, be it empty', () => {
  expect(bucketsOf(1500, 3500, 1000)).toEqual([1000, 2000, 3000]);
  expect(bucketsOf(2000, 2000, 1000)).toEqual([2000]);
});

test('no byte is lost between points and bars, and what is small is put together', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const points = names.flatMap((name, index) => [
    { atMs: 0, name, value: 100 - index },
    { atMs: 1999, name, value: 1 },
  ]);
  const { series } = toBars(points, [0, 1000], 1000);
  expect(series.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', restName]);
  const total = series.flatMap(({ values }) => values).reduce((sum, value) => sum + value, 0);
  expect(total).toBe(points.reduce((sum, { value }) => sum + value, 0));
  expect(series.at(-1)?.values).toEqual([95 + 94 + 93, 3]);
});
