import { boolean, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { bytes, moment, safeCount } from './columns.ts';

/** Bytes and connections by the hour, one partition a month. No foreign keys: history outlives what it speaks of. */
export const usageRollup = pgTable(
  'usage_rollup',
  {
    accountId: text('account_id').notNull(),
    hour: moment('hour').notNull(),
    credentialId: text('credential_id').notNull(),
    exitId: text('exit_id'),
    country: text('country'),
    network: text('network'),
    dialect: text('dialect').notNull(),
    /** The exit's grade when it was first used in the hour. */
    exitGrade: text('exit_grade', { enum: ['S', 'A', 'B'] }),
    /** Of a test credential: shown, never billed. */
    test: boolean('test').notNull(),
    bytesUp: bytes('bytes_up').notNull(),
    bytesDown: bytes('bytes_down').notNull(),
    connections: bytes('connections').notNull(),
  },
  (table) => [
    unique('usage_rollup_key')
      .on(table.accountId, table.hour, table.credentialId, table.exitId, table.country, table.network, table.dialect)
      .nullsNotDistinct(),
    safeCount('usage_rollup_up', table.bytesUp),
    safeCount('usage_rollup_down', table.bytesDown),
    safeCount('usage_rollup_connections', table.connections),
  ],
);

/** Refused requests by the hour, one partition a month. */
export const rejection = pgTable(
  'rejection',
  {
    accountId: text('account_id').notNull(),
    hour: moment('hour').notNull(),
    credentialId: text('credential_id').notNull(),
    dialect: text('dialect').notNull(),
    code: text('code').notNull(),
    count: bytes('count').notNull(),
    lastAt: moment('last_at').notNull(),
  },
  (table) => [
    unique('rejection_key').on(table.accountId, table.hour, table.credentialId, table.dialect, table.code),
    safeCount('rejection_count', table.count),
  ],
);
