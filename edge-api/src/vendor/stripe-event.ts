import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import type { PaymentEvent, PaymentNews } from '../domain/payment-news.ts';
import { Cents, Reference } from './stripe-object.ts';

/** What was put on the objects that we made; others in the same Stripe account have something else. */
const Metadata = v.object({
  invoice_id: v.optional(v.string()),
  account_id: v.optional(v.string()),
  subscription_id: v.optional(v.string()),
});

const CheckoutSession = v.object({
  id: v.string(),
  payment_status: v.string(),
  payment_intent: v.nullish(Reference),
  subscription: v.nullish(Reference),
  amount_total: v.nullish(Cents),
  currency: v.nullish(v.string()),
  metadata: v.nullish(Metadata),
});
const PaymentIntent = v.object({
  id: v.string(),
  amount_received: Cents,
  currency: v.string(),
  metadata: v.nullish(Metadata),
});
const Refund = v.object({
  id: v.string(),
  amount: Cents,
  status: v.nullish(v.string()),
  payment_intent: v.nullish(Reference),
});
const Charge = v.object({
  payment_intent: v.nullish(Reference),
  refunds: v.nullish(v.object({ data: v.array(Refund) })),
});
const Dispute = v.object({
  id: v.string(),
  amount: Cents,
  status: v.string(),
  payment_intent: v.nullish(Reference),
});

const Subscription = v.object({ id: v.string(), metadata: v.nullish(Metadata) });
const Invoice = v.object({
  id: v.string(),
  parent: v.nullish(
    v.object({
      subscription_details: v.nullish(v.object({ subscription: Reference, metadata: v.nullish(Metadata) })),
    }),
  ),
});

const Event = v.object({ id: v.string(), type: v.string(), data: v.object({ object: v.unknown() }) });

const nothing: readonly PaymentNews[] = [];

/** An event that is none, or one of a known type in an unknown shape. */
export interface UnreadableEvent {
  /** Where it is other than was expected, as `data.object.amount`; empty for the whole. */
  readonly place: string;
}

/**
 * Reads what a Stripe event says of money; events that say nothing of ours give no news. Whatever is refused here, Stripe
 * sends again for days: until then this can be corrected.
 *
 * Source: Stripe API, "Types of events".
 */
export function readStripeEvent(event: unknown): Result<PaymentEvent, UnreadableEvent> {
  try {
    const { id, type, data } = v.parse(Event, event);
    return ok({ id, type, news: readNews(type, data.object) });
  } catch (error) {
    if (!v.isValiError(error)) throw error;
    const [issue] = error.issues;
    return err({ place: placeOf(issue) });
  }
}

/** Of names that the schemas have: nothing of it is the sender's. */
function placeOf({ path }: v.BaseIssue<unknown>): string {
  return path?.map(({ key }) => String(key)).join('.') ?? '';
}

/** What an event tells of. */
function read<S extends v.GenericSchema>(schema: S, object: unknown): v.InferOutput<S> {
  return v.parse(v.object({ data: v.object({ object: schema }) }), { data: { object } }).data.object;
}

function readNews(type: string, object: unknown): readonly PaymentNews[] {
  switch (type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
      return ofPaidSession(read(CheckoutSession, object));
    case 'payment_intent.succeeded':
      return ofPaymentIntent(read(PaymentIntent, object));
    case 'checkout.session.expired':
      return ofExpiredSession(read(CheckoutSession, object));
    case 'customer.subscription.created':
    case 'customer.subscription.updated':
    case 'customer.subscription.deleted':
    case 'customer.subscription.paused':
    case 'customer.subscription.resumed':
      return ofSubscription(read(Subscription, object));
    case 'invoice.paid':
    case 'invoice.payment_failed':
    case 'invoice.voided':
    case 'invoice.marked_uncollectible':
      return ofInvoice(read(Invoice, object));
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
    case 'charge.refund.updated':
      return ofRefund(read(Refund, object));
    case 'charge.refunded':
      return ofRefundedCharge(read(Charge, object));
    case 'charge.dispute.created':
    case 'charge.dispute.updated':
    case 'charge.dispute.closed':
    case 'charge.dispute.funds_withdrawn':
    case 'charge.dispute.funds_reinstated':
      return ofDispute(type, read(Dispute, object));
    default:
      return nothing;
  }
}

function ofPaidSession(session: v.InferOutput<typeof CheckoutSession>): readonly PaymentNews[] {
  if (session.metadata?.subscription_id !== undefined) return ofProvider(session.subscription);
  const invoiceId = session.metadata?.invoice_id;
  const { amount_total: amountCents, currency } = session;
  if (session.payment_status === 'unpaid' || invoiceId === undefined) return nothing;
  if (typeof amountCents !== 'number' || typeof currency !== 'string') return nothing;
  // What cost nothing has no payment intent.
  return [{ kind: 'paid', reference: session.payment_intent ?? session.id, invoiceId, amountCents, currency }];
}

function ofPaymentIntent(intent: v.InferOutput<typeof PaymentIntent>): readonly PaymentNews[] {
  const invoiceId = intent.metadata?.invoice_id;
  if (invoiceId === undefined) return nothing;
  const { id, amount_received: amountCents, currency } = intent;
  return [{ kind: 'paid', reference: id, invoiceId, amountCents, currency }];
}

function ofExpiredSession(session: v.InferOutput<typeof CheckoutSession>): readonly PaymentNews[] {
  const { invoice_id: invoiceId, account_id: accountId, subscription_id: subscriptionId } = session.metadata ?? {};
  if (subscriptionId !== undefined) return [{ kind: 'never_begun', subscriptionId }];
  if (invoiceId === undefined || accountId === undefined) return nothing;
  return [{ kind: 'expired', accountId, invoiceId }];
}

/** The message is how it was when it was written; what counts is how it is now, so that their order does not matter. */
function ofProvider(providerId: string | null | undefined): readonly PaymentNews[] {
  return typeof providerId === 'string' ? [{ kind: 'subscription_changed', providerId }] : nothing;
}

function ofSubscription({ id, metadata }: v.InferOutput<typeof Subscription>): readonly PaymentNews[] {
  return metadata?.subscription_id === undefined ? nothing : ofProvider(id);
}

function ofInvoice({ id, parent }: v.InferOutput<typeof Invoice>): readonly PaymentNews[] {
  const details = parent?.subscription_details;
  if (details?.metadata?.subscription_id === undefined) return nothing;
  return [{ kind: 'period_billed', providerId: id }, ...ofProvider(details.subscription)];
}

/** A refund takes its bytes as soon as it is made; they come back should it fail. */
function ofRefund(refund: v.InferOutput<typeof Refund>): readonly PaymentNews[] {
  const { id: reference, payment_intent: paymentReference, amount: amountCents, status } = refund;
  if (typeof paymentReference !== 'string') return nothing;
  const cause = 'refund';
  if (status === 'failed' || status === 'canceled') {
    return [{ kind: 'given_back', cause, reference, paymentReference }];
  }
  return [{ kind: 'taken_back', cause, reference, paymentReference, amountCents }];
}

/** Newer API versions leave the refunds out of the charge, and tell of each in an event of its own. */
function ofRefundedCharge(charge: v.InferOutput<typeof Charge>): readonly PaymentNews[] {
  const refunds = charge.refunds?.data ?? [];
  return refunds.flatMap((refund) =>
    ofRefund({ ...refund, payment_intent: refund.payment_intent ?? charge.payment_intent }),
  );
}

/** A dispute takes its bytes while Stripe holds the money; an early warning holds none. */
function ofDispute(type: string, dispute: v.InferOutput<typeof Dispute>): readonly PaymentNews[] {
  const { id: reference, payment_intent: paymentReference, amount: amountCents, status } = dispute;
  if (typeof paymentReference !== 'string') return nothing;
  const cause = 'dispute';
  const isWon = status === 'won' || type === 'charge.dispute.funds_reinstated';
  if (isWon) return [{ kind: 'given_back', cause, reference, paymentReference }];
  if (status.startsWith('warning_') && type !== 'charge.dispute.funds_withdrawn') return nothing;
  return [{ kind: 'taken_back', cause, reference, paymentReference, amountCents }];
}
