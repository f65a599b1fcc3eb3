import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { account } from './account.ts';
import { bytes, moment } from './columns.ts';
import { subscription } from './subscription.ts';

/** One-off bytes for sale. */
export const bundle = pgTable(
  'bundle',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    bytes: bytes('bytes').notNull(),
    priceCents: integer('price_cents').notNull(),
    /** ISO 4217, lower case, as Stripe has it. */
    currency: text('currency').notNull(),
    active: boolean('active').notNull().default(true),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [
    check('bundle_bytes', sql`${table.bytes} between 1 and 9007199254740991`),
    check('bundle_price', sql`${table.priceCents} >= 0`),
    check('bundle_currency', sql`${table.currency} ~ '^[a-z]{3}$'`),
  ],
);

/** What is to be paid, with the terms as they were: for a bundle, or for a period of a subscription. */
export const invoice = pgTable(
  'invoice',
  {
    id: text('id').primaryKey(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    bundleId: text('bundle_id').references(() => bundle.id),
    subscriptionId: text('subscription_id').references(() => subscription.id),
    description: text('description').notNull(),
    bytes: bytes('bytes').notNull(),
    amountCents: integer('amount_cents').notNull(),
    currency: text('currency').notNull(),
    status: text('status', { enum: ['open', 'paid', 'void', 'uncollectible'] })
      .notNull()
      .default('open'),
    stripeCheckoutId: text('stripe_checkout_id'),
    /** Stripe's own invoice, of a subscription's period: the natural key. */
    stripeInvoiceId: text('stripe_invoice_id'),
    checkoutUrl: text('checkout_url'),
    createdAt: moment('created_at').notNull().defaultNow(),
    paidAt: moment('paid_at'),
    voidedAt: moment('voided_at'),
  },
  (table) => [
    unique('invoice_stripe_checkout_key').on(table.stripeCheckoutId),
    unique('invoice_stripe_invoice_key').on(table.stripeInvoiceId),
    index('invoice_subscription').on(table.subscriptionId),
    index('invoice_account').on(table.accountId, table.createdAt),
    check('invoice_status', sql`${table.status} in ('open', 'paid', 'void', 'uncollectible')`),
    check('invoice_bytes', sql`${table.bytes} between 1 and 9007199254740991`),
    check('invoice_amount', sql`${table.amountCents} >= 0`),
  ],
);

/** Money that came. Written only by `post_payment`. */
export const payment = pgTable(
  'payment',
  {
    id: text('id').primaryKey(),
    /** Stripe's payment intent: the natural key. */
    reference: text('reference').notNull(),
    invoiceId: text('invoice_id')
      .notNull()
      .references(() => invoice.id),
    accountId: text('account_id')
      .notNull()
      .references(() => account.id),
    bytes: bytes('bytes').notNull(),
    /** How many of them refunds and disputes took out again. */
    takenBackBytes: bytes('taken_back_bytes').notNull().default(0),
    /** When what is left of the bytes expires; `null` for never. */
    expiresAt: moment('expires_at'),
    /** How many of them expired; `null` until it was looked at. */
    expiredBytes: bytes('expired_bytes'),
    /** The last transaction of the account before that, by number: what came later was used of other bytes. */
    expiredAfter: bigint('expired_after', { mode: 'number' }),
    amountCents: integer('amount_cents').notNull(),
    currency: text('currency').notNull(),
    paidAt: moment('paid_at').notNull().defaultNow(),
  },
  (table) => [
    unique('payment_reference_key').on(table.reference),
    unique('payment_invoice_key').on(table.invoiceId),
    index('payment_account').on(table.accountId),
    index('payment_expiry')
      .on(table.expiresAt)
      .where(sql`${table.expiredBytes} is null`),
    check('payment_taken_back', sql`${table.takenBackBytes} between 0 and ${table.bytes}`),
    check('payment_expired', sql`${table.expiredBytes} between 0 and ${table.bytes} - ${table.takenBackBytes}`),
  ],
);

/** Money that went back; it may be heard of before its payment. Written only by `take_back_payment` and `give_back_payment`. */
export const takeBack = pgTable(
  'take_back',
  {
    /** Stripe's refund or dispute: the natural key. */
    reference: text('reference').primaryKey(),
    paymentReference: text('payment_reference').notNull(),
    kind: text('kind', { enum: ['refund', 'dispute'] }).notNull(),
    amountCents: integer('amount_cents').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    /** When a dispute was won, or a refund failed: it no longer counts. */
    reversedAt: moment('reversed_at'),
  },
  (table) => [
    index('take_back_payment').on(table.paymentReference),
    check('take_back_kind', sql`${table.kind} in ('refund', 'dispute')`),
    check('take_back_amount', sql`${table.amountCents} >= 0`),
  ],
);

/** Stripe events that were seen; handled ones need no second look. */
export const stripeEvent = pgTable('stripe_event', {
  id: text('id').primaryKey(),
  type: text('type').notNull(),
  receivedAt: moment('received_at').notNull().defaultNow(),
  handledAt: moment('handled_at'),
});
