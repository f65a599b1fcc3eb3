import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import type { PeriodBilled, SubscriptionBilled } from '../domain/payment-news.ts';
import { type PaymentPage, pageOf } from './stripe.ts';
import { type Calling, callStripe, type Refused } from './stripe-client.ts';
import { Cents, Reference } from './stripe-object.ts';

/** What is to be paid for every period. */
export interface SubscriptionWanted {
  readonly subscriptionId: string;
  readonly name: string;
  readonly amountCents: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
  readonly interval: 'day' | 'week' | 'month' | 'year';
  readonly intervalCount: number;
  /** Where the customer goes afterwards. */
  readonly returnUrl: string;
}

/** Makes the page on which a subscription is begun. Errors: those of `callStripe`; `refused` for terms that Stripe does not take. */
export async function createSubscriptionCheckout(
  calling: Calling,
  wanted: SubscriptionWanted,
): Promise<Result<PaymentPage, Failure | Refused>> {
  const { subscriptionId, returnUrl } = wanted;
  const metadata = { subscription_id: subscriptionId };
  const made = await callStripe(calling, async (stripe) =>
    stripe.checkout.sessions.create(
      {
        mode: 'subscription',
        client_reference_id: subscriptionId,
        line_items: [
          {
            quantity: 1,
            price_data: {
              currency: wanted.currency,
              unit_amount: wanted.amountCents,
              recurring: { interval: wanted.interval, interval_count: wanted.intervalCount },
              product_data: { name: wanted.name },
            },
          },
        ],
        success_url: `${returnUrl}?subscription=${subscriptionId}&checkout=done`,
        cancel_url: `${returnUrl}?subscription=${subscriptionId}&checkout=cancelled`,
        metadata,
        subscription_data: { metadata },
      },
      { idempotencyKey: subscriptionId },
    ),
  );
  return made.ok ? ok(pageOf(made.value)) : made;
}

/** Takes no money from now on, until it is resumed: invoices of the meantime are void. Errors: those of `callStripe`. */
export async function pauseBilling(calling: Calling, id: string): Promise<Result<void, Failure | Refused>> {
  return change(calling, id, { pause_collection: { behavior: 'void' } });
}

/** Errors: those of `callStripe`. */
export async function resumeBilling(calling: Calling, id: string): Promise<Result<void, Failure | Refused>> {
  return change(calling, id, { pause_collection: '' });
}

/** Takes no more money once the period is over. Errors: those of `callStripe`. */
export async function endBillingWithPeriod(calling: Calling, id: string): Promise<Result<void, Failure | Refused>> {
  return change(calling, id, { cancel_at_period_end: true });
}

/** Takes no more money; one that had ended stays so. Errors: `conflict`, `unavailable`. */
export async function endBilling(calling: Calling, id: string): Promise<Result<void, Failure>> {
  const ended = await callStripe(calling, async (stripe) => stripe.subscriptions.cancel(id));
  return ended.ok || ended.error.code === 'refused' ? ok(undefined) : err(ended.error);
}

/** Voids an open invoice; one that is not open stays as it is. Errors: `conflict`, `unavailable`. */
export async function voidBilled(calling: Calling, id: string): Promise<Result<void, Failure>> {
  const voided = await callStripe(calling, async (stripe) => stripe.invoices.voidInvoice(id));
  return voided.ok || voided.error.code === 'refused' ? ok(undefined) : err(voided.error);
}

export const StripeSubscription = v.object({
  id: v.string(),
  status: v.string(),
  cancel_at_period_end: v.boolean(),
  pause_collection: v.nullish(v.object({})),
  metadata: v.object({ subscription_id: v.optional(v.string()) }),
});

/** What Stripe says of a subscription now; `undefined` when it is none of ours. Errors: `conflict`, `unavailable`. */
export async function readSubscription(
  calling: Calling,
  id: string,
): Promise<Result<SubscriptionBilled | undefined, Failure>> {
  const read = await callStripe(calling, async (stripe) => stripe.subscriptions.retrieve(id));
  if (!read.ok) return read.error.code === 'refused' ? ok(undefined) : err(read.error);
  const found = v.parse(StripeSubscription, read.value);
  const { subscription_id: subscriptionId } = found.metadata;
  if (subscriptionId === undefined) return ok(undefined);
  return ok({ subscriptionId, status: statusOf(found), cancelAtPeriodEnd: found.cancel_at_period_end });
}

/** Source: Stripe API, the statuses of a subscription. A payment that is awaited counts more than a pause. */
export function statusOf({ status, pause_collection: pause }: v.InferOutput<typeof StripeSubscription>) {
  switch (status) {
    case 'active':
    case 'trialing':
      return pause === null || pause === undefined ? 'active' : 'paused';
    case 'paused':
      return 'paused';
    case 'canceled':
    case 'incomplete_expired':
      return 'cancelled';
    default:
      return 'past_due';
  }
}

const Moment = v.pipe(
  v.number(),
  v.safeInteger(),
  v.transform((seconds) => new Date(seconds * 1000)),
);

const StripeInvoice = v.object({
  id: v.string(),
  status: v.nullish(v.string()),
  billing_reason: v.nullish(v.string()),
  amount_due: Cents,
  amount_paid: Cents,
  currency: v.string(),
  hosted_invoice_url: v.nullish(v.string()),
  parent: v.nullish(
    v.object({
      subscription_details: v.nullish(
        v.object({ metadata: v.nullish(v.object({ subscription_id: v.optional(v.string()) })) }),
      ),
    }),
  ),
  lines: v.object({ data: v.array(v.object({ period: v.object({ start: Moment, end: Moment }) })) }),
  payments: v.nullish(
    v.object({
      data: v.array(v.object({ status: v.string(), payment: v.object({ payment_intent: v.nullish(Reference) }) })),
    }),
  ),
});
type StripeInvoice = v.InferOutput<typeof StripeInvoice>;

/**
 * What Stripe says of the invoice of a period now; `undefined` when it is none of ours, bills no period, or is not final yet.
 * Errors: `conflict`, `unavailable`.
 */
export async function readPeriodInvoice(
  calling: Calling,
  id: string,
): Promise<Result<PeriodBilled | undefined, Failure>> {
  const read = await callStripe(calling, async (stripe) => stripe.invoices.retrieve(id, { expand: ['payments'] }));
  if (!read.ok) return read.error.code === 'refused' ? ok(undefined) : err(read.error);
  const invoice = v.parse(StripeInvoice, read.value);
  const subscriptionId = invoice.parent?.subscription_details?.metadata?.subscription_id;
  const status = statuses.find((known) => known === invoice.status);
  // Others bill parts of a period, after the terms were changed by hand at Stripe.
  const isPeriod = invoice.billing_reason === 'subscription_create' || invoice.billing_reason === 'subscription_cycle';
  const period = invoice.lines.data.at(-1)?.period;
  if (subscriptionId === undefined || status === undefined || !isPeriod || period === undefined) return ok(undefined);
  return ok({
    subscriptionId,
    providerId: invoice.id,
    status,
    reference: paymentOf(invoice) ?? invoice.id,
    amountCents: status === 'paid' ? invoice.amount_paid : invoice.amount_due,
    currency: invoice.currency,
    startsAt: period.start,
    endsAt: period.end,
    payUrl: status === 'open' ? (invoice.hosted_invoice_url ?? null) : null,
  });
}

/** A draft is not among them: it may still change. */
const statuses = ['open', 'paid', 'void', 'uncollectible'] as const;

/** The payment that refunds and disputes will name; there is none where nothing was to be paid. */
function paymentOf({ payments }: StripeInvoice): string | undefined {
  const paid = payments?.data.find(({ status }) => status === 'paid');
  return paid?.payment.payment_intent ?? undefined;
}

async function change(
  calling: Calling,
  id: string,
  changes: Parameters<Parameters<Parameters<typeof callStripe>[1]>[0]['subscriptions']['update']>[1],
): Promise<Result<void, Failure | Refused>> {
  const changed = await callStripe(calling, async (stripe) => stripe.subscriptions.update(id, changes));
  return changed.ok ? ok(undefined) : changed;
}
