import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type { Stripe } from 'stripe';
import * as v from 'valibot';
import type {
  ProviderBooks,
  ProviderPayment,
  ProviderPeriod,
  ProviderSubscription,
  ProviderTakeBack,
} from '../domain/compare-books.ts';
import { type Calling, callStripe } from './stripe-client.ts';
import { Cents, Reference } from './stripe-object.ts';
import { statusOf, StripeSubscription } from './stripe-subscription.ts';

/** The most that Stripe gives at once. */
const pageItems = 100;
/** Of each list; a Worker may ask some hundred times while it answers one request. */
const maxPages = 50;

/** Moments, the last one exclusive. */
interface Period {
  readonly from: Date;
  readonly to: Date;
}

/** A list as far as it was read. */
interface Listed<T> {
  readonly items: readonly T[];
  readonly isWhole: boolean;
}

const PaymentIntent = v.object({
  id: v.string(),
  status: v.string(),
  amount_received: Cents,
  currency: v.string(),
  metadata: v.nullish(v.object({ invoice_id: v.optional(v.string()) })),
});
const Refund = v.object({
  id: v.string(),
  amount: Cents,
  status: v.nullish(v.string()),
  payment_intent: v.nullish(Reference),
});
const Dispute = v.object({
  id: v.string(),
  amount: Cents,
  status: v.string(),
  payment_intent: v.nullish(Reference),
});
const PaidInvoice = v.object({
  id: v.string(),
  amount_paid: Cents,
  billing_reason: v.nullish(v.string()),
  parent: v.nullish(
    v.object({
      subscription_details: v.nullish(
        v.object({ metadata: v.nullish(v.object({ subscription_id: v.optional(v.string()) })) }),
      ),
    }),
  ),
});

/** Reads what Stripe has of a while, newest first, as far as `maxPages` go. Errors: `conflict`, `unavailable`. */
export async function readBooks(
  calling: Calling,
  period: Period,
): Promise<Result<{ readonly books: ProviderBooks; readonly isWhole: boolean }, Failure>> {
  const created = { gte: Math.ceil(period.from.getTime() / 1000), lt: Math.ceil(period.to.getTime() / 1000) };
  const payments = await listAll(calling, PaymentIntent, async (stripe, page) =>
    stripe.paymentIntents.list({ ...page, created }),
  );
  if (!payments.ok) return payments;
  const invoices = await listAll(calling, PaidInvoice, async (stripe, page) =>
    stripe.invoices.list({ ...page, created, status: 'paid' }),
  );
  if (!invoices.ok) return invoices;
  const refunds = await listAll(calling, Refund, async (stripe, page) => stripe.refunds.list({ ...page, created }));
  if (!refunds.ok) return refunds;
  const disputes = await listAll(calling, Dispute, async (stripe, page) => stripe.disputes.list({ ...page, created }));
  if (!disputes.ok) return disputes;
  // Without a status: all but those that are cancelled.
  const subscriptions = await listAll(calling, StripeSubscription, async (stripe, page) =>
    stripe.subscriptions.list(page),
  );
  if (!subscriptions.ok) return subscriptions;
  const lists = [payments, invoices, refunds, disputes, subscriptions];
  return ok({
    isWhole: lists.every(({ value }) => value.isWhole),
    books: {
      payments: payments.value.items.flatMap(asPayment),
      periods: invoices.value.items.flatMap(asPeriod),
      takeBacks: [...refunds.value.items.flatMap(asRefund), ...disputes.value.items.flatMap(asDispute)],
      subscriptions: subscriptions.value.items.flatMap(asSubscription),
    },
  });
}

const Payable = v.object({ status: v.nullish(v.string()) });

/** Whether a payment, or an invoice that was paid without one, was made. Errors: `conflict`, `unavailable`. */
export async function isPaid(calling: Calling, reference: string): Promise<Result<boolean, Failure>> {
  const isInvoice = reference.startsWith('in_');
  const read = await callStripe(calling, async (stripe) =>
    isInvoice ? stripe.invoices.retrieve(reference) : stripe.paymentIntents.retrieve(reference),
  );
  if (!read.ok) return read.error.code === 'refused' ? ok(false) : err(read.error);
  return ok(v.parse(Payable, read.value).status === (isInvoice ? 'paid' : 'succeeded'));
}

async function listAll<const S extends v.GenericSchema<unknown, { readonly id: string }>>(
  calling: Calling,
  schema: S,
  list: (
    stripe: Stripe,
    page: { readonly limit: number; readonly starting_after?: string },
  ) => Promise<{ readonly data: readonly unknown[]; readonly has_more: boolean }>,
): Promise<Result<Listed<v.InferOutput<S>>, Failure>> {
  const items: v.InferOutput<S>[] = [];
  let last: string | undefined;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const after = last === undefined ? {} : { starting_after: last };
    const read = await callStripe(calling, async (stripe) => list(stripe, { limit: pageItems, ...after }));
    if (!read.ok) return err(read.error.code === 'refused' ? { code: 'unavailable' } : read.error);
    for (const item of read.value.data) items.push(v.parse(schema, item));
    last = items.at(-1)?.id;
    if (!read.value.has_more || last === undefined) return ok({ items, isWhole: true });
  }
  return ok({ items, isWhole: false });
}

function asPayment(intent: v.InferOutput<typeof PaymentIntent>): readonly ProviderPayment[] {
  if (intent.status !== 'succeeded') return [];
  const { id: reference, amount_received: amountCents, currency, metadata } = intent;
  return [{ reference, amountCents, currency, isOurs: metadata?.invoice_id !== undefined }];
}

/** Others bill parts of a period, after the terms were changed by hand at Stripe. */
function asPeriod(invoice: v.InferOutput<typeof PaidInvoice>): readonly ProviderPeriod[] {
  const isPeriod = invoice.billing_reason === 'subscription_create' || invoice.billing_reason === 'subscription_cycle';
  const isOurs = invoice.parent?.subscription_details?.metadata?.subscription_id !== undefined;
  return isPeriod && isOurs ? [{ providerId: invoice.id, amountCents: invoice.amount_paid }] : [];
}

function asRefund(refund: v.InferOutput<typeof Refund>): readonly ProviderTakeBack[] {
  const { id: reference, amount: amountCents, payment_intent: paymentReference, status } = refund;
  if (typeof paymentReference !== 'string') return [];
  const counts = status !== 'failed' && status !== 'canceled';
  return [{ kind: 'refund', reference, paymentReference, amountCents, counts }];
}

/** An early warning holds no money, most of the time: it is not judged. */
function asDispute(dispute: v.InferOutput<typeof Dispute>): readonly ProviderTakeBack[] {
  const { id: reference, amount: amountCents, payment_intent: paymentReference, status } = dispute;
  if (typeof paymentReference !== 'string' || status.startsWith('warning_')) return [];
  return [{ kind: 'dispute', reference, paymentReference, amountCents, counts: status !== 'won' }];
}

function asSubscription(subscription: v.InferOutput<typeof StripeSubscription>): readonly ProviderSubscription[] {
  const { subscription_id: subscriptionId } = subscription.metadata;
  const status = statusOf(subscription);
  if (subscriptionId === undefined || status === 'cancelled') return [];
  return [
    { providerId: subscription.id, subscriptionId, status, cancelAtPeriodEnd: subscription.cancel_at_period_end },
  ];
}
