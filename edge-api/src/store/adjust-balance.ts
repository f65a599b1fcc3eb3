import { err, ok, type Result } from '@marvel/shared/result';
import { sql } from 'drizzle-orm';
import { attemptChecked, type Conflict, type NotFound, type OutOfRange, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { type AuditEntry, auditStatement } from './operator-audit.ts';

/**
 * Gives or, negative, takes bytes by an operator's hand, once for each key, and says what the balance is then.
 *
 * Errors: `conflict` when the key was used for another adjustment of the account; `not_found`; `out_of_range`;
 * `unavailable`.
 */
export async function adjustBalance(
  db: Database,
  given: {
    readonly accountId: string;
    /** Not 0. */
    readonly bytes: number;
    readonly reason: string;
    /** The natural key of the adjustment. */
    readonly key: string;
  },
  audit: AuditEntry,
): Promise<Result<{ readonly balanceBytes: number }, Conflict | NotFound | OutOfRange | Unavailable>> {
  const call = sql`adjust_balance(${given.accountId}, ${given.bytes}, ${given.reason}, ${given.key}) as adjusted`;
  const done = await attemptChecked(['budget_balance'], () =>
    db.batch([
      db
        .select({
          outcome: sql<'adjusted' | 'repeat' | 'conflict' | 'not_found'>`outcome`,
          balanceBytes: sql`balance_bytes`.mapWith(Number),
        })
        .from(call),
      auditStatement(db, audit),
    ]),
  );
  if (!done.ok) return done;
  const [[row]] = done.value;
  if (row === undefined) throw new Error('adjust_balance returned no row');
  if (row.outcome === 'conflict' || row.outcome === 'not_found') return err({ code: row.outcome });
  return ok({ balanceBytes: row.balanceBytes });
}
