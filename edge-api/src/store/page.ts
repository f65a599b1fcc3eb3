import { and, eq, sql, type SQL } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';

/** Which part of a list, newest first. */
export interface PageWanted {
  readonly limit: number;
  /** Id of the last row of the page before. */
  readonly after?: string | undefined;
}

/** The most rows of one page. */
export const maxPageRows = 100;

/** How many rows to ask for: one more than the page has tells whether the list goes on. */
export function pageRows({ limit }: Pick<PageWanted, 'limit'>): number {
  return Math.min(limit, maxPageRows) + 1;
}

/** What lies after the place of a row in a list by age; nothing, where `visible` does not let that row be seen. Without `visible` every row may be. */
export function afterRow(
  table: PgTable & { readonly id: PgColumn; readonly createdAt: PgColumn },
  visible: SQL | undefined,
  { after }: PageWanted,
): SQL | undefined {
  if (after === undefined) return undefined;
  return sql`(${table.createdAt}, ${table.id}) < (select ${table.createdAt}, ${table.id} from ${table} where ${and(eq(table.id, after), visible)})`;
}
