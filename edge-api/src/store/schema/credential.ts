import type { Limits } from '@marvel/shared/limits';
import { sql } from 'drizzle-orm';
import { boolean, check, index, jsonb, pgTable, text, unique, uniqueIndex } from 'drizzle-orm/pg-core';
import { account } from './account.ts';
import { moment } from './columns.ts';

/** Whatever a usage record may name as its credential. Written by triggers of the tables below; a row outlives its credential. */
export const credential = pgTable(
  'credential',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    kind: text('kind', { enum: ['key', 'sub_user', 'authorized_source'] }).notNull(),
    /** Test credentials never bill. */
    test: boolean('test').notNull().default(false),
    /** Exact to the minute. */
    lastUsedAt: moment('last_used_at'),
  },
  (table) => [
    index('credential_account').on(table.accountId),
    check('credential_kind', sql`${table.kind} in ('key', 'sub_user', 'authorized_source')`),
  ],
);

/** A proxy key; only its digest and what may be shown of it are known here. Its table had its name before there were API keys. */
export const proxyKey = pgTable(
  'api_key',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    digest: text('digest').notNull(),
    prefix: text('prefix').notNull(),
    label: text('label').notNull(),
    mode: text('mode', { enum: ['live', 'test'] }).notNull(),
    limits: jsonb('limits').$type<Limits>().notNull().default({}),
    createdAt: moment('created_at').notNull().defaultNow(),
    revokedAt: moment('revoked_at'),
  },
  (table) => [
    unique('api_key_digest_key').on(table.digest),
    index('api_key_account').on(table.accountId),
    check('api_key_mode', sql`${table.mode} in ('live', 'test')`),
  ],
);

/** A username and password with limits of its own. The name is free again once it is deleted. */
export const subUser = pgTable(
  'sub_user',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    username: text('username').notNull(),
    digest: text('digest').notNull(),
    limits: jsonb('limits').$type<Limits>().notNull().default({}),
    firstName: text('first_name'),
    lastName: text('last_name'),
    email: text('email'),
    createdAt: moment('created_at').notNull().defaultNow(),
    deletedAt: moment('deleted_at'),
  },
  (table) => [
    uniqueIndex('sub_user_username_key')
      .on(table.username)
      .where(sql`${table.deletedAt} is null`),
    index('sub_user_account').on(table.accountId),
    check('sub_user_username', sql`${table.username} ~ '^[A-Za-z0-9_]{1,64}$'`),
  ],
);

/** An address or host name whose clients need no credentials. */
export const authorizedSource = pgTable(
  'authorized_source',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    /** Whose limits apply; `null` for the account itself. */
    subUserId: text('sub_user_id').references(() => subUser.id),
    source: text('source', { enum: ['ip', 'hostname'] }).notNull(),
    value: text('value').notNull(),
    /** What the source stands for now; the resolved addresses of a host name. */
    addresses: jsonb('addresses').$type<readonly string[]>().notNull().default([]),
    /** When a host name was last looked up, and when that last gave an answer. */
    lookedUpAt: moment('looked_up_at'),
    resolvedAt: moment('resolved_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
    deletedAt: moment('deleted_at'),
  },
  (table) => [
    uniqueIndex('authorized_source_value_key')
      .on(table.source, table.value)
      .where(sql`${table.deletedAt} is null`),
    index('authorized_source_account').on(table.accountId, table.createdAt),
    index('authorized_source_sub_user').on(table.subUserId),
    index('authorized_source_look_up')
      .on(table.lookedUpAt.nullsFirst())
      .where(sql`${table.source} = 'hostname' and ${table.deletedAt} is null`),
    check('authorized_source_source', sql`${table.source} in ('ip', 'hostname')`),
  ],
);

/** Which source an address belongs to: in the whole fleet there is one, since an address alone has to tell whose client it is. */
export const sourceAddress = pgTable(
  'source_address',
  {
    address: text('address').primaryKey(),
    sourceId: text('source_id')
      .notNull()
      .references(() => authorizedSource.id),
  },
  (table) => [index('source_address_source').on(table.sourceId)],
);
