import { sql } from 'drizzle-orm';
import { bigint, check, index, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { bytes, moment, safeBytes } from './columns.ts';

/** Where bytes can be: with a customer (id = account id), or one of the five system accounts. */
export const ledgerAccount = pgTable(
  'ledger_account',
  {
    id: text('id').primaryKey(),
    kind: text('kind', { enum: ['customer', 'system'] }).notNull(),
  },
  (table) => [check('ledger_account_kind', sql`${table.kind} in ('customer', 'system')`)],
);

/** One event that moved bytes. (cause, reference) is its natural key, so it cannot be posted twice. Append-only. */
export const ledgerTransaction = pgTable(
  'ledger_transaction',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: moment('at').notNull().defaultNow(),
    cause: text('cause', { enum: ['payment', 'batch', 'adjustment', 'refund', 'expiry'] }).notNull(),
    reference: text('reference').notNull(),
    note: text('note'),
  },
  (table) => [
    unique('ledger_transaction_reference').on(table.cause, table.reference),
    index('ledger_transaction_at').on(table.at),
    check('ledger_transaction_cause', sql`${table.cause} in ('payment', 'batch', 'adjustment', 'refund', 'expiry')`),
  ],
);

/**
 * Bytes put into (positive) or taken out of (negative) one ledger account by a transaction. All entries of a transaction
 * are inserted by one statement and sum to zero; inserting them moves the balances. Append-only.
 */
export const ledgerEntry = pgTable(
  'ledger_entry',
  {
    ledgerAccountId: text('ledger_account_id').notNull(),
    transactionId: bigint('transaction_id', { mode: 'number' }).notNull(),
    bytes: bytes('bytes').notNull(),
    /** What a customer's balance was after it, filled in by the database and as safe as the budget that it becomes; `null` for system accounts. */
    balanceBytes: bytes('balance_bytes'),
  },
  (table) => [
    primaryKey({ columns: [table.ledgerAccountId, table.transactionId] }),
    safeBytes('ledger_entry_bytes', table.bytes),
    check('ledger_entry_moves', sql`${table.bytes} <> 0`),
  ],
);
