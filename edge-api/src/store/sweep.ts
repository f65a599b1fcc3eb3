import { ok, type Result } from '@marvel/shared/result';
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';

const Row = v.object({ rows: v.number() });

/** For how long the first answer to a batch is kept, and a repeat told from another batch under its name. */
const batchAnswersKeptDays = 30;

/**
 * Removes what is over (sessions, answers, counts, bans, leases, nodes, answers to batches) and makes ended caps whole, at most `limit` of
 * each. Gives how many rows that were. Never waits for another transaction. Errors: `unavailable`.
 */
export async function sweep(db: Database, limit: number): Promise<Result<number, Unavailable>> {
  const done = await attempt(() =>
    db.execute(
      sql`select sweep(${limit}) + forget_batches(now() - make_interval(days => ${batchAnswersKeptDays}), ${limit}) as rows`,
    ),
  );
  return done.ok ? ok(v.parse(Row, done.value.rows[0]).rows) : done;
}
