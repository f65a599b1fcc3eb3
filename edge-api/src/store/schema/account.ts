import { sql } from 'drizzle-orm';
import { check, index, integer, pgTable, text, unique, uniqueIndex } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';

/** Who owns keys, sub-users, the byte ledger and invoices. A new row brings its budget, its ledger account and its feed record with it. */
export const account = pgTable(
  'account',
  {
    id: text('id').primaryKey(),
    email: text('email').notNull(),
    passwordHash: text('password_hash').notNull(),
    status: text('status', { enum: ['active', 'suspended'] })
      .notNull()
      .default('active'),
    /** Concurrent connections of the whole account; `null` for no limit. */
    threads: integer('threads'),
    /** The same by the plan that it is on; the lesser counts. */
    planThreads: integer('plan_threads'),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('account_email_key').on(sql`lower(${table.email})`),
    check('account_status', sql`${table.status} in ('active', 'suspended')`),
    check('account_threads', sql`${table.threads} >= 1`),
    check('account_plan_threads', sql`${table.planThreads} >= 1`),
  ],
);

/** A sign-in; only the digest of its token is known here. */
export const session = pgTable(
  'session',
  {
    tokenDigest: text('token_digest').primaryKey(),
    /** What it is called where it may be seen; tells nothing of the token. */
    id: text('id')
      .notNull()
      .default(sql`'ses_' || replace(gen_random_uuid()::text, '-', '')`),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    createdAt: moment('created_at').notNull().defaultNow(),
    lastSeenAt: moment('last_seen_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [
    unique('session_id_key').on(table.id),
    index('session_account').on(table.accountId, table.createdAt),
    index('session_expiry').on(table.expiresAt),
  ],
);

/** An API key: speaks for an account at the mounts without a sign-in; only its digest and what may be shown of it are known here. No proxy key. Its table is named for whom it speaks. */
export const apiKey = pgTable(
  'account_key',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    digest: text('digest').notNull(),
    prefix: text('prefix').notNull(),
    label: text('label').notNull(),
    access: text('access', { enum: ['read', 'full'] }).notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at'),
    /** Exact to the minute. */
    lastUsedAt: moment('last_used_at'),
    revokedAt: moment('revoked_at'),
  },
  (table) => [
    unique('account_key_digest_key').on(table.digest),
    index('account_key_account')
      .on(table.accountId, table.createdAt)
      .where(sql`${table.revokedAt} is null`),
    check('account_key_access', sql`${table.access} in ('read', 'full')`),
  ],
);
