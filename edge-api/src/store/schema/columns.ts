import { sql, type SQL } from 'drizzle-orm';
import { type AnyPgColumn, bigint, check, customType, timestamp } from 'drizzle-orm/pg-core';

/** A count of bytes, or anything else that is an integer below 2^53. Pair it with `safeBytes` or `safeCount`. */
export const bytes = (name: string) => bigint(name, { mode: 'number' });

/** A moment, with time zone. */
export const moment = (name: string) => timestamp(name, { withTimezone: true });

/** A 64-bit transaction id, as text: it orders the feed, and no arithmetic is done on it here. */
export const xid8 = customType<{ data: string }>({ dataType: () => 'xid8' });

/** Ranges of whole numbers, as PostgreSQL writes them; only SQL looks into it. */
export const numberRanges = customType<{ data: string }>({ dataType: () => 'int8multirange' });

/** Keeps a column exact in JSON: |value| < 2^53. */
export function safeBytes(name: string, column: AnyPgColumn) {
  return check(name, between(column, '-9007199254740991'));
}

/** Keeps a column exact in JSON and not negative: 0 <= value < 2^53. */
export function safeCount(name: string, column: AnyPgColumn) {
  return check(name, between(column, '0'));
}

function between(column: AnyPgColumn, least: string): SQL {
  return sql`${column} between ${sql.raw(least)} and 9007199254740991`;
}
