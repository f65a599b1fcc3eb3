import type { WebhookAttempt, WebhookEvent } from '@marvel/shared/api/webhook';
import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { account } from './account.ts';
import { moment } from './columns.ts';

/** Where an account hears of what happens to it. */
export const webhookEndpoint = pgTable(
  'webhook_endpoint',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    url: text('url').notNull(),
    /** `null`: every event. */
    events: jsonb('events').$type<readonly WebhookEvent['type'][]>(),
    description: text('description').notNull(),
    /** The secret is made of it and the pepper, so that the database alone can sign nothing. */
    secretSeed: text('secret_seed').notNull(),
    /** Of the secret before, until the moment when it is no longer good. */
    previousSeed: text('previous_seed'),
    previousEndsAt: moment('previous_ends_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
    /** Since when every try failed. */
    failingSince: moment('failing_since'),
    disabledAt: moment('disabled_at'),
    disabledReason: text('disabled_reason', { enum: ['owner', 'failing'] }),
    deletedAt: moment('deleted_at'),
    /** Until when somebody delivers to it: one at a time, so that events come in order. */
    busyUntil: moment('busy_until'),
    /** Until when it is let alone after a try that failed. */
    heldUntil: moment('held_until'),
    /** When somebody last began to: the others have their turn first. */
    servedAt: moment('served_at'),
  },
  (table) => [
    index('webhook_endpoint_account')
      .on(table.accountId, table.createdAt)
      .where(sql`${table.deletedAt} is null`),
    check('webhook_endpoint_disabled', sql`(${table.disabledAt} is null) = (${table.disabledReason} is null)`),
    check('webhook_endpoint_reason', sql`${table.disabledReason} in ('owner', 'failing')`),
  ],
);

/** What happened to an account, written by what made it happen, in the same transaction. Only what somebody wants to hear. */
export const accountEvent = pgTable(
  'account_event',
  {
    id: text('id').primaryKey(),
    /** The order of an account's events. */
    seq: bigint('seq', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    accountId: text('account_id').notNull(),
    type: text('type').$type<WebhookEvent['type']>().notNull(),
    data: jsonb('data').$type<WebhookEvent['data']>().notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [index('account_event_created').on(table.createdAt)],
);

/** One event on its way to one endpoint. */
export const webhookDelivery = pgTable(
  'webhook_delivery',
  {
    id: text('id').primaryKey(),
    /** The order of an endpoint's deliveries. */
    seq: bigint('seq', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    accountId: text('account_id').notNull(),
    endpointId: text('endpoint_id')
      .notNull()
      .references(() => webhookEndpoint.id),
    eventId: text('event_id')
      .notNull()
      .references(() => accountEvent.id, { onDelete: 'cascade' }),
    status: text('status', { enum: ['pending', 'delivered', 'failed'] })
      .notNull()
      .default('pending'),
    /** Tries ever, and since it was last asked for: the schedule goes by the latter. */
    attempts: integer('attempts').notNull().default(0),
    tries: integer('tries').notNull().default(0),
    /** Of a pending one: when it is tried next. */
    nextAttemptAt: moment('next_attempt_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    unique('webhook_delivery_event').on(table.eventId, table.endpointId),
    index('webhook_delivery_account').on(table.accountId, table.seq),
    index('webhook_delivery_due')
      .on(table.endpointId, table.nextAttemptAt)
      .where(sql`${table.status} = 'pending'`),
    check('webhook_delivery_status', sql`${table.status} in ('pending', 'delivered', 'failed')`),
    check('webhook_delivery_next', sql`(${table.status} = 'pending') = (${table.nextAttemptAt} is not null)`),
  ],
);

/** One try of a delivery. */
export const webhookAttempt = pgTable(
  'webhook_attempt',
  {
    deliveryId: text('delivery_id')
      .notNull()
      .references(() => webhookDelivery.id, { onDelete: 'cascade' }),
    number: integer('number').notNull(),
    at: moment('at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    status: integer('status'),
    error: text('error').$type<NonNullable<WebhookAttempt['error']>>(),
    response: text('response'),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.number] })],
);

/** Where a key or sub-user was used from. */
export const credentialSource = pgTable(
  'credential_source',
  {
    credentialId: text('credential_id').notNull(),
    /** An IPv4 address, or the /64 of an IPv6 one. */
    source: text('source').notNull(),
    firstSeenAt: moment('first_seen_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.credentialId, table.source] })],
);
