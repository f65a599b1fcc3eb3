import { ok, type Result } from '@marvel/shared/result';
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';

const Row = v.object({ name: v.string() });

/**
 * Makes the monthly partitions ahead and drops those that are kept no longer. Gives the names of the latter. Errors:
 * `unavailable`.
 */
export async function keepMonths(db: Database, now: Date): Promise<Result<readonly string[], Unavailable>> {
  const done = await attempt(() =>
    db.execute(sql`select keep_months as name from keep_months(${now.toISOString()}::timestamptz)`),
  );
  return done.ok ? ok(v.parse(v.array(Row), done.value.rows).map(({ name }) => name)) : done;
}
