/** One page of a list. */
interface Page<T> {
  readonly rows: readonly T[];
  /** Id of its last row; `null` on the last page. */
  readonly nextCursor: string | null;
}

/** Makes a page of up to `limit + 1` rows: the store gives one more than a page has when the list goes on. */
export function pageOf<T extends { readonly id: string }>(found: readonly T[], limit: number): Page<T> {
  const rows = found.slice(0, limit);
  return { rows, nextCursor: found.length > limit ? (rows.at(-1)?.id ?? null) : null };
}
