import { describe, expect, test } from 'vitest';
import { pairedRatios, percentile, spread } from './statistics.ts';

describe('spread', () => {
  test('gives the middle of an odd number of rounds, whatever their order', () => {
    expect(spread([5, 1, 9, 3, 2])).toEqual({ median: 3, min: 1, max: 9 });
  });

  test('gives the mean of the middle two of an even number of rounds', () => {
    expect(spread([4, 1, 2, 100])).toEqual({ median: 3, min: 1, max: 100 });
  });

  test('is nothing without rounds', () => {
    expect(spread([])).toBeUndefined();
  });
});

describe('percentile', () => {
  test('is the nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect([percentile(values, 50), percentile(values, 99), percentile(values, 100)]).toEqual([100, 198, 200]);
    expect(percentile([7], 99)).toBe(7);
    expect(percentile([], 50)).toBeUndefined();
  });
});

describe('pairedRatios', () => {
  test('compares within each round', () => {
    expect(pairedRatios([2, 40, 6], [1, 20, 3])).toEqual([2, 2, 2]);
  });

  test('leaves out the rounds that either failed', () => {
    expect(pairedRatios([2, undefined, 6, 8], [1, 20, undefined, 0])).toEqual([2]);
  });
});
