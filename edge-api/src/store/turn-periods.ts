import { ok, type Result } from '@marvel/shared/result';
import { type SQL, sql } from 'drizzle-orm';
import * as v from 'valibot';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';

const Row = v.object({ rows: v.number() });

/** Ends or begins the next period of at most `limit` customers' subscriptions. Gives how many that were. Errors: `unavailable`. */
export async function turnSubscriptions(db: Database, limit: number): Promise<Result<number, Unavailable>> {
  return count(db, sql`select turn_subscriptions(${limit}) as rows`);
}

/** Expires what is left of at most `limit` payments that were for a time. Gives how many that were. Errors: `unavailable`. */
export async function expirePayments(db: Database, limit: number): Promise<Result<number, Unavailable>> {
  return count(db, sql`select expire_payments(${limit}) as rows`);
}

async function count(db: Database, statement: SQL): Promise<Result<number, Unavailable>> {
  const done = await attempt(() => db.execute(statement));
  return done.ok ? ok(v.parse(Row, done.value.rows[0]).rows) : done;
}
