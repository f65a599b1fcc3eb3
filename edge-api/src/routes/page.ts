/** One page of a list. */
interface Page<T> {
  readonly rows: readonly T[];
  /** The place of its last row; `null` on the last page. */
  readonly nextCursor: string | null;
}

/** Makes a page of up to `limit + 1` rows: the store gives one more than a page has when the list goes on. */
export function pageOf<T>(found: readonly T[], limit: number, placeOf: (row: T) => string): Page<T> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, nextCursor: found.length > limit && last !== undefined ? placeOf(last) : null };
}
