import type { UsageRecord } from '@marvel/shared/usage-batch';
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgSequence, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytes, moment } from './columns.ts';

/** Orders the batches of a gateway as they were settled. */
export const batchReceiptSeq = pgSequence('batch_receipt_seq', { cache: 1 });

/**
 * What each settled batch billed, and its gateway's signature over that. Append-only; one partition a month of `at`, which is
 * dropped when receipts of that time are no longer shown.
 */
export const batchReceipt = pgTable(
  'batch_receipt',
  {
    gatewayId: text('gateway_id').notNull(),
    /** Rises with every batch of a gateway. */
    number: bigint('number', { mode: 'number' })
      .notNull()
      .default(sql`nextval('batch_receipt_seq')`),
    /** That of the ledger's transaction. */
    at: moment('at').notNull().defaultNow(),
    boot: text('boot').notNull(),
    seq: bytes('seq').notNull(),
    /** As they were signed, letter for letter. */
    previous: text('previous'),
    openedAt: text('opened_at').notNull(),
    closedAt: text('closed_at').notNull(),
    root: text('root').notNull(),
    signature: text('signature').notNull(),
    /** Never shown: with it an account could tell what others have in the batch. */
    secret: text('secret').notNull(),
    /** What the ledger's transaction is; `null` when nothing was billed. */
    transactionId: bigint('transaction_id', { mode: 'number' }),
    /** The leaves of the tree under `root`: two bytes of place and 32 of digest each, base64url. */
    leaves: text('leaves').notNull(),
    /** The records of the batch; `null` when nothing was billed. */
    records: jsonb('records').$type<readonly UsageRecord[]>(),
  },
  (table) => [
    primaryKey({ columns: [table.gatewayId, table.number, table.at] }),
    index('batch_receipt_transaction').on(table.transactionId),
    index('batch_receipt_at').on(table.gatewayId, table.at),
  ],
);
