import type { Receipt } from '@marvel/shared/api/receipt';
import type { Leaf } from '@marvel/shared/receipt/digest-tree';
import type { ReceiptHead } from '@marvel/shared/receipt/receipt';
import { ok, type Result } from '@marvel/shared/result';
import type { UsageRecord } from '@marvel/shared/usage-batch';
import { and, asc, desc, eq, gt, gte, lt, sql } from 'drizzle-orm';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { entriesIn } from './ledger.ts';
import { unpackLeaves } from './packed-leaves.ts';
import { ledgerEntry, ledgerTransaction } from './schema/ledger.ts';
import { credential } from './schema/credential.ts';
import { batchReceipt } from './schema/receipt.ts';

/** What a batch billed to one account, and all that is needed to prove it. */
export interface StoredReceipt {
  readonly transactionId: number;
  readonly at: Date;
  readonly reference: string;
  /** Taken from the account by the ledger. */
  readonly bytes: number;
  /** Those of this account only. */
  readonly lines: readonly Receipt['lines'][number][];
  readonly head: ReceiptHead;
  readonly signature: string;
  /** Never to be shown. */
  readonly secret: string;
  readonly leaves: readonly Leaf[];
}

/** A signed head, and its place among those of its gateway. */
export interface StoredHead {
  readonly number: number;
  readonly head: ReceiptHead;
  readonly signature: string;
}

const headColumns = {
  boot: batchReceipt.boot,
  seq: batchReceipt.seq,
  previous: batchReceipt.previous,
  opened_at: batchReceipt.openedAt,
  closed_at: batchReceipt.closedAt,
  root: batchReceipt.root,
};

/**
 * The receipts of an account in [from, to), newest first: up to `limit`, and one more if there are more. Others' records never
 * leave the database.
 *
 * Errors: `unavailable`. Cost: O(records of the batches), some 45 kB at most from each.
 */
export async function listReceipts(
  db: Database,
  accountId: string,
  wanted: {
    readonly from?: Date | undefined;
    readonly to?: Date | undefined;
    readonly limit: number;
    /** Id of the last receipt of the page before. */
    readonly after?: number | undefined;
  },
): Promise<Result<readonly StoredReceipt[], Unavailable>> {
  const own = sql<OwnRecord[]>`(
    select jsonb_agg(r || jsonb_build_object('test', coalesce(c.test, false)) order by n)
    from jsonb_array_elements(${batchReceipt.records}) with ordinality as t (r, n)
    left join ${credential} c on c.id = r ->> 'credential'
    where r ->> 'account' = ${accountId})`;
  const found = await attempt(() =>
    db
      .select({
        transactionId: ledgerTransaction.id,
        at: ledgerTransaction.at,
        reference: ledgerTransaction.reference,
        bytes: ledgerEntry.bytes,
        gateway: batchReceipt.gatewayId,
        ...headColumns,
        signature: batchReceipt.signature,
        secret: batchReceipt.secret,
        leaves: batchReceipt.leaves,
        own,
      })
      .from(ledgerEntry)
      .innerJoin(ledgerTransaction, eq(ledgerTransaction.id, ledgerEntry.transactionId))
      .innerJoin(
        batchReceipt,
        and(eq(batchReceipt.transactionId, ledgerTransaction.id), eq(batchReceipt.at, ledgerTransaction.at)),
      )
      .where(and(entriesIn(accountId, wanted), eq(ledgerTransaction.cause, 'batch')))
      .orderBy(desc(ledgerEntry.transactionId))
      .limit(wanted.limit + 1),
  );
  if (!found.ok) return found;
  return ok(
    found.value.map(({ transactionId, at, reference, bytes, signature, secret, leaves, own: records, ...head }) => ({
      transactionId,
      at,
      reference,
      bytes: -bytes,
      lines: records.filter((record) => record.bytes_up + record.bytes_down > 0).map(lineOf),
      head,
      signature,
      secret,
      leaves: unpackLeaves(leaves),
    })),
  );
}

/** The heads of a gateway in [from, to), oldest first: up to `limit`, and one more if there are more. Errors: `unavailable`. */
export async function listHeads(
  db: Database,
  gatewayId: string,
  wanted: {
    readonly from?: Date | undefined;
    readonly to?: Date | undefined;
    readonly limit: number;
    /** Number of the last head of the page before. */
    readonly after?: number | undefined;
  },
): Promise<Result<readonly StoredHead[], Unavailable>> {
  const { from, to, after, limit } = wanted;
  const found = await attempt(() =>
    db
      .select({
        number: batchReceipt.number,
        gateway: batchReceipt.gatewayId,
        ...headColumns,
        signature: batchReceipt.signature,
      })
      .from(batchReceipt)
      .where(
        and(
          eq(batchReceipt.gatewayId, gatewayId),
          from === undefined ? undefined : gte(batchReceipt.at, from),
          to === undefined ? undefined : lt(batchReceipt.at, to),
          after === undefined ? undefined : gt(batchReceipt.number, after),
        ),
      )
      .orderBy(asc(batchReceipt.number))
      .limit(limit + 1),
  );
  if (!found.ok) return found;
  return ok(found.value.map(({ number, signature, ...head }) => ({ number, head, signature })));
}

/** A record, and whether its credential pays nothing. */
type OwnRecord = UsageRecord & { readonly test: boolean };

function lineOf(record: OwnRecord): StoredReceipt['lines'][number] {
  const { credential: id, exit, country, network, dialect, bytes_up, bytes_down, connections, test } = record;
  const line = { credential: id, exit, country, network, dialect, bytes_up, bytes_down, connections };
  return test ? { ...line, test } : line;
}
