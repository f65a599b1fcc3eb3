import { planIntervals } from '@marvel/shared/api/plan';
import { subscriptionStatuses } from '@marvel/shared/subscription-transition';
import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, pgTable, text, unique, uniqueIndex } from 'drizzle-orm/pg-core';
import { account } from './account.ts';
import { bytes, moment } from './columns.ts';
import { subUser } from './credential.ts';

/** Recurring terms. They never change, but for the name and whether new subscriptions are taken. */
export const plan = pgTable(
  'plan',
  {
    id: text('id').primaryKey(),
    /** Whose it is; `null` for Marvel's own, which accounts subscribe to themselves. */
    accountId: text('account_id').references(() => account.id),
    name: text('name').notNull(),
    bytes: bytes('bytes').notNull(),
    priceCents: integer('price_cents').notNull(),
    /** ISO 4217, lower case, as Stripe has it. */
    currency: text('currency').notNull(),
    interval: text('interval', { enum: planIntervals }).notNull(),
    intervalCount: integer('interval_count').notNull(),
    /** After how many periods it is completed; `null` for never. */
    periods: integer('periods'),
    threads: integer('threads'),
    active: boolean('active').notNull().default(true),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    index('plan_account').on(table.accountId, table.createdAt),
    check('plan_bytes', sql`${table.bytes} between 1 and 9007199254740991`),
    check('plan_price', sql`${table.priceCents} >= 0`),
    check('plan_currency', sql`${table.currency} ~ '^[a-z]{3}$'`),
    check('plan_interval', sql`${table.interval} in ('day', 'week', 'month', 'year')`),
    check('plan_interval_count', sql`${table.intervalCount} between 1 and 365`),
    check('plan_periods', sql`${table.periods} >= 1`),
    check('plan_threads', sql`${table.threads} >= 1`),
  ],
);

/** Somebody whom an account sells to. */
export const customer = pgTable(
  'customer',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    name: text('name').notNull(),
    email: text('email'),
    reference: text('reference'),
    /** Whose limits follow the plan. */
    subUserId: text('sub_user_id').references(() => subUser.id),
    createdAt: moment('created_at').notNull().defaultNow(),
    deletedAt: moment('deleted_at'),
  },
  (table) => [
    index('customer_account').on(table.accountId, table.createdAt),
    uniqueIndex('customer_reference_key')
      .on(table.accountId, table.reference)
      .where(sql`${table.deletedAt} is null`),
    uniqueIndex('customer_sub_user_key')
      .on(table.subUserId)
      .where(sql`${table.deletedAt} is null`),
  ],
);

/** An account or customer on a plan, with the plan's terms as they were. Its status changes as `subscription_transition` of shared has it. */
export const subscription = pgTable(
  'subscription',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    planId: text('plan_id')
      .notNull()
      .references(() => plan.id),
    /** `null` where the account itself is on a plan of Marvel's. */
    customerId: text('customer_id').references(() => customer.id),
    subUserId: text('sub_user_id').references(() => subUser.id),
    status: text('status', { enum: subscriptionStatuses }).notNull(),
    name: text('name').notNull(),
    bytes: bytes('bytes').notNull(),
    priceCents: integer('price_cents').notNull(),
    currency: text('currency').notNull(),
    interval: text('interval', { enum: planIntervals }).notNull(),
    intervalCount: integer('interval_count').notNull(),
    periods: integer('periods'),
    threads: integer('threads'),
    periodsBegun: integer('periods_begun').notNull().default(0),
    currentPeriodStart: moment('current_period_start'),
    currentPeriodEnd: moment('current_period_end'),
    cancelAtPeriodEnd: boolean('cancel_at_period_end').notNull().default(false),
    stripeCheckoutId: text('stripe_checkout_id'),
    checkoutUrl: text('checkout_url'),
    stripeSubscriptionId: text('stripe_subscription_id'),
    /** When the state of Stripe was asked for that stands here. */
    stripeAskedAt: moment('stripe_asked_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
    endedAt: moment('ended_at'),
  },
  (table) => [
    index('subscription_account').on(table.accountId, table.createdAt),
    index('subscription_plan').on(table.planId),
    // One at a time for an account itself, and for a customer: their limits can follow one plan.
    uniqueIndex('subscription_own_key')
      .on(table.accountId)
      .where(sql`${table.customerId} is null and ${table.status} in ('active', 'paused', 'past_due')`),
    uniqueIndex('subscription_customer_key')
      .on(table.customerId)
      .where(sql`${table.status} in ('active', 'paused', 'past_due')`),
    index('subscription_sub_user').on(table.subUserId),
    index('subscription_due')
      .on(table.currentPeriodEnd)
      .where(sql`${table.customerId} is not null and ${table.status} in ('active', 'paused')`),
    unique('subscription_stripe_key').on(table.stripeSubscriptionId),
    check('subscription_status', sql`${table.status} in ('active', 'paused', 'past_due', 'cancelled', 'completed')`),
    check('subscription_ended', sql`(${table.status} in ('cancelled', 'completed')) = (${table.endedAt} is not null)`),
    check('subscription_bytes', sql`${table.bytes} between 1 and 9007199254740991`),
    check('subscription_price', sql`${table.priceCents} >= 0`),
    check('subscription_periods', sql`${table.periodsBegun} >= 0`),
    check('subscription_customer', sql`(${table.customerId} is null) = (${table.subUserId} is null)`),
  ],
);
