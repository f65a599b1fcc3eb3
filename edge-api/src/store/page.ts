import { sql, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';

/** Which part of a list. `P`: what says where a row stands. */
export interface PageWanted<P> {
  readonly limit: number;
  /** Of the last row of the page before. */
  readonly after: P | undefined;
}

/** Where a row of a list by age stands: when it was made, RFC 3339 with microseconds, and its id. */
export type AgePlace = readonly [place: string, id: string];

/** A row with when it was made, exactly. */
export type Placed<T> = T & { readonly place: string };

/** The most rows of one page. */
export const maxPageRows = 100;

/** How many rows to ask for: one more than the page has tells whether the list goes on. */
export function pageRows({ limit }: { readonly limit: number }): number {
  return Math.min(limit, maxPageRows) + 1;
}

/** A time to the microsecond, which a `Date` does not hold. */
export function exactTime(at: PgColumn | SQL): SQL<string> {
  return sql<string>`to_char(${at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** What lies after a place in a list by age, newest first; the row that stood there may be gone. */
export function afterPlace(
  table: { readonly id: PgColumn; readonly createdAt: PgColumn },
  { after }: PageWanted<AgePlace>,
): SQL | undefined {
  if (after === undefined) return undefined;
  const [place, id] = after;
  return sql`(${table.createdAt}, ${table.id}) < (${place}::timestamptz, ${id})`;
}
