import type { Result } from '@marvel/shared/result';
import { and, desc, eq, gte, lt, type SQL, sql } from 'drizzle-orm';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { ledgerEntry, ledgerTransaction } from './schema/ledger.ts';

/** What moved bytes into (positive) or out of an account, and what its balance was then. */
export type LedgerEntry = Pick<typeof ledgerTransaction.$inferSelect, 'id' | 'at' | 'cause' | 'reference' | 'note'> & {
  readonly bytes: number;
  readonly balanceBytes: number | null;
};

/** No transaction takes longer: its number was given out at most so long after its `at`. */
const longestTransaction = sql`interval '1 hour'`;

/**
 * The entries of an account in [from, to), newest first: up to `limit`, and one more if there are more.
 *
 * Errors: `unavailable`. Cost: O(entries of the period that it looks through), whatever the length of the ledger.
 */
export async function listLedger(
  db: Database,
  accountId: string,
  wanted: {
    readonly from?: Date | undefined;
    readonly to?: Date | undefined;
    readonly cause?: LedgerEntry['cause'] | undefined;
    readonly limit: number;
    /** Id of the last entry of the page before. */
    readonly after?: number | undefined;
  },
): Promise<Result<readonly LedgerEntry[], Unavailable>> {
  const { cause } = wanted;
  const { at } = ledgerTransaction;
  const number = ledgerEntry.transactionId;
  return attempt(() =>
    db
      .select({
        id: ledgerTransaction.id,
        at,
        cause: ledgerTransaction.cause,
        reference: ledgerTransaction.reference,
        note: ledgerTransaction.note,
        bytes: ledgerEntry.bytes,
        balanceBytes: ledgerEntry.balanceBytes,
      })
      .from(ledgerEntry)
      .innerJoin(ledgerTransaction, eq(ledgerTransaction.id, number))
      .where(and(entriesIn(accountId, wanted), cause === undefined ? undefined : eq(ledgerTransaction.cause, cause)))
      .orderBy(desc(number))
      .limit(wanted.limit + 1),
  );
}

/** Of entries joined with their transactions: those of an account in [from, to) that come before one. */
export function entriesIn(
  accountId: string,
  {
    from,
    to,
    after,
  }: { readonly from?: Date | undefined; readonly to?: Date | undefined; readonly after?: number | undefined },
): SQL | undefined {
  const { at } = ledgerTransaction;
  const number = ledgerEntry.transactionId;
  return and(
    eq(ledgerEntry.ledgerAccountId, accountId),
    after === undefined ? undefined : lt(number, after),
    from === undefined ? undefined : and(gte(at, from), sql`${number} > ${numberBefore(from)}`),
    to === undefined ? undefined : and(lt(at, to), sql`${number} < ${numberAfter(to)}`),
  );
}

// Numbers follow time but for what a transaction waits, so these two look-ups bound the part of the account's index to read.
function numberBefore(moment: Date): SQL {
  return sql`coalesce((select id from ${ledgerTransaction} where at < ${moment.toISOString()}::timestamptz - ${longestTransaction} order by at desc limit 1), 0)`;
}

function numberAfter(moment: Date): SQL {
  return sql`coalesce((select id from ${ledgerTransaction} where at >= ${moment.toISOString()}::timestamptz + ${longestTransaction} order by at limit 1), ${Number.MAX_SAFE_INTEGER})`;
}
