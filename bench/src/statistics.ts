/** What several rounds of one measurement showed. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median, minimum and maximum; `undefined` of nothing. The median of an even number is the mean of the middle two. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return undefined;
  const upper = sorted[Math.floor(sorted.length / 2)] ?? max;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? min;
  return { median: (lower + upper) / 2, min, max };
}

/** The value below which `percent` of all lie, by nearest rank; `undefined` of nothing. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
}

/**
 * How many times as much `of` took as `to`, round by round, so that what slowed a whole round cancels out. A round that
 * either of them failed (`undefined`) is left out.
 */
export function pairedRatios(of: readonly (number | undefined)[], to: readonly (number | undefined)[]): number[] {
  return of.flatMap((value, round) => {
    const other = to[round];
    return value === undefined || other === undefined || other <= 0 ? [] : [value / other];
  });
}
