import { sql } from 'drizzle-orm';
import { bigint, check, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytes, moment, safeBytes, safeCount } from './columns.ts';

/** Bytes that may still be spent: the account's balance (id = account id), and a cap of one credential (`<credential>/<window>`). */
export const budget = pgTable(
  'budget',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id').notNull(),
    /** `null` for the account's own budget. */
    credentialId: text('credential_id'),
    window: text('window', { enum: ['day', 'month', 'total'] }),
    capBytes: bytes('cap_bytes'),
    balanceBytes: bytes('balance_bytes').notNull(),
    /** When a cap is whole again; UTC. */
    windowEndsAt: moment('window_ends_at'),
    /** Of an account: balances that it is told of when it falls to them. */
    lowBalanceBytes: bigint('low_balance_bytes', { mode: 'number' }).array().notNull().default([1_000_000_000, 0]),
    /** When a gateway last got too little of it, and which. */
    shortfallAt: moment('shortfall_at'),
    shortfallBy: text('shortfall_by'),
  },
  (table) => [
    index('budget_account').on(table.accountId),
    index('budget_window')
      .on(table.windowEndsAt)
      .where(sql`${table.windowEndsAt} is not null`),
    index('budget_shortfall')
      .on(table.shortfallAt)
      .where(sql`${table.shortfallAt} is not null`),
    safeBytes('budget_balance', table.balanceBytes),
    safeCount('budget_cap', table.capBytes),
    check('budget_window', sql`${table.window} in ('day', 'month', 'total')`),
    check(
      'budget_shape',
      sql`case when ${table.credentialId} is null
        then ${table.id} = ${table.accountId} and ${table.window} is null and ${table.capBytes} is null
        else ${table.id} = ${table.credentialId} || '/' || ${table.window} and ${table.capBytes} is not null end`,
    ),
  ],
);

/** The part of a budget that one boot of a gateway holds unspent. */
export const lease = pgTable(
  'lease',
  {
    gatewayId: text('gateway_id').notNull(),
    budgetId: text('budget_id').notNull(),
    boot: text('boot').notNull(),
    heldBytes: bytes('held_bytes').notNull(),
    /** When the edge takes it back from a gateway that was never heard of again. */
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.gatewayId, table.budgetId] }),
    index('lease_budget').on(table.budgetId),
    safeCount('lease_held', table.heldBytes),
  ],
);
