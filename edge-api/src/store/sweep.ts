import { ok, type Result } from '@marvel/shared/result';
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';

const Row = v.object({ rows: v.number() });

/**
 * Removes what is over (sessions, answers, counts, bans, leases, nodes) and makes ended caps whole, at most `limit` of
 * each. Gives how many rows that were. Never waits for another transaction. Errors: `unavailable`.
 */
export async function sweep(db: Database, limit: number): Promise<Result<number, Unavailable>> {
  const done = await attempt(() => db.execute(sql`select sweep(${limit}) as rows`));
  return done.ok ? ok(v.parse(Row, done.value.rows[0]).rows) : done;
}
