import { ok, type Result } from '@marvel/shared/result';
import { desc, sql } from 'drizzle-orm';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { anomaly } from './schema/operations.ts';

/** The most problems, and the most anomalies, of one report. */
export const maxReported = 1000;

/** Something that does not add up. */
export interface LedgerProblem {
  readonly problem: string;
  readonly id: string;
  readonly expected: number | null;
  readonly found: number | null;
}

export interface Reconciled {
  /** Empty when the ledger adds up, and payments and batches are in it as they say. */
  readonly problems: readonly LedgerProblem[];
  /** The newest first. */
  readonly anomalies: readonly { readonly at: Date; readonly kind: string; readonly source: string }[];
}

/** Proves the ledger, compares payments and batches with it, and lists what could not be credited as it said. Errors: `unavailable`. Cost: reads the whole ledger. */
export async function reconcile(db: Database): Promise<Result<Reconciled, Unavailable>> {
  const done = await attempt(() =>
    db.batch([
      db
        .select({
          problem: sql<string>`problem`,
          id: sql<string>`id`,
          expected: sql<number | null>`expected`.mapWith(Number),
          found: sql<number | null>`found`.mapWith(Number),
        })
        .from(sql`books_check()`)
        .limit(maxReported),
      db
        .select({ at: anomaly.at, kind: anomaly.kind, source: anomaly.source })
        .from(anomaly)
        .orderBy(desc(anomaly.at))
        .limit(maxReported),
    ]),
  );
  if (!done.ok) return done;
  const [problems, anomalies] = done.value;
  return ok({ problems, anomalies });
}
