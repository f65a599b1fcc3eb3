/** One line of a legend: a name, and a value for each moment of the chart. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

/** Bars over time, a series upon the other. */
export interface Bars {
  /** Starts of the buckets, in ms since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

/** One amount at one moment, of somebody. */
export interface Point {
  readonly atMs: number;
  readonly name: string;
  readonly value: number;
}

/** The most series that can be told apart; what is smaller is put together. */
const maxSeries = 6;
export const restName = 'All others';

/** The start of every bucket that a period touches. */
export function bucketsOf(fromMs: number, toMs: number, bucketMs: number): readonly number[] {
  const first = Math.floor(fromMs / bucketMs) * bucketMs;
  const count = Math.max(1, Math.ceil((toMs - first) / bucketMs));
  return Array.from({ length: count }, (_, index) => first + index * bucketMs);
}

/** Puts points into buckets, the largest series first; a bucket without any is 0. */
export function toBars(points: readonly Point[], times: readonly number[], bucketMs: number): Bars {
  const totals = new Map<string, number>();
  for (const { name, value } of points) totals.set(name, (totals.get(name) ?? 0) + value);
  const names = [...totals].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  const shown = names.length > maxSeries ? [...names.slice(0, maxSeries - 1), restName] : names;
  const firstMs = times[0] ?? 0;
  const rows = new Map(shown.map((name) => [name, times.map(() => 0)]));
  for (const { atMs, name, value } of points) {
    const row = rows.get(name) ?? rows.get(restName);
    const index = Math.floor((atMs - firstMs) / bucketMs);
    const before = row?.[index];
    if (row !== undefined && before !== undefined) row[index] = before + value;
  }
  return { times, series: shown.map((name) => ({ name, values: rows.get(name) ?? [] })) };
}
