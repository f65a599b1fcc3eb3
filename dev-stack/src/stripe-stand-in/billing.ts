import { err, ok, type Result } from '@marvel/shared/result';
import type { Stripe } from 'stripe';
import type { Happening } from './event.ts';
import { invalidRequest, noSuch, type StripeFailure } from './failure.ts';
import { type BillingReason, closedInvoice, createInvoice, createInvoicePayment, paidInvoice } from './invoice.ts';
import type { Invoice, Subscription } from './objects.ts';
import { createPaymentIntent, type PaymentOrder } from './payment.ts';
import type { Store } from './store.ts';
import { createSubscription, nextPeriod, type SubscriptionOrder } from './subscription.ts';
import { tryCard } from './try-card.ts';

/** What billing led to: the subscription and its invoice after it, and what is to be told. */
export interface BillingStep {
  readonly subscription: Subscription;
  readonly invoice: Invoice | undefined;
  readonly happenings: readonly Happening[];
}

/** How the card on file does. */
export interface CardTry {
  /** Default false. */
  readonly isDeclined?: boolean;
}

const daySeconds = 86_400;
/** Stripe tries a declined card again some days later. */
const retryDays = 3;

function orderOf(invoice: Invoice, customer: Stripe.Customer | undefined): PaymentOrder {
  return {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: customer?.id ?? null,
    email: customer?.email ?? null,
    description: invoice.billing_reason === 'subscription_create' ? 'Subscription creation' : 'Subscription update',
    metadata: {},
    receiptEmail: null,
    statementDescriptor: null,
  };
}

function idOf(value: string | { readonly id: string } | null | undefined): string {
  return typeof value === 'string' ? value : (value?.id ?? '');
}

function subscriptionOf(invoice: Invoice, store: Store): Subscription | undefined {
  return store.get('subscription', idOf(invoice.parent?.subscription_details?.subscription));
}

function intentOf(payment: Stripe.InvoicePayment, store: Store): Stripe.PaymentIntent | undefined {
  return store.get('payment_intent', idOf(payment.payment.payment_intent));
}

/** Tries the card on file for an open invoice. */
function collect(invoice: Invoice, isDeclined: boolean, store: Store, nowSeconds: number): BillingHappenings {
  if (invoice.amount_due === 0) {
    const paid = paidInvoice(invoice, nowSeconds);
    store.put(paid);
    return { invoice: paid, happenings: paidHappenings(paid) };
  }
  const order = orderOf(invoice, store.get('customer', idOf(invoice.customer)));
  const known = store.list('invoice_payment').find((payment) => payment.invoice === invoice.id);
  const intent = (known === undefined ? undefined : intentOf(known, store)) ?? createPaymentIntent(order, nowSeconds);
  const payment = known ?? createInvoicePayment(invoice, intent.id, nowSeconds);
  const tried = tryCard(intent, order, !isDeclined, store, nowSeconds);
  if (isDeclined) {
    const failed: Invoice = {
      ...invoice,
      attempt_count: invoice.attempt_count + 1,
      attempted: true,
      next_payment_attempt: nowSeconds + retryDays * daySeconds,
    };
    store.put(payment);
    store.put(failed);
    return { invoice: failed, happenings: [...tried.happenings, { type: 'invoice.payment_failed', object: failed }] };
  }
  const paid = paidInvoice(invoice, nowSeconds);
  store.put({
    ...payment,
    amount_paid: paid.amount_paid,
    status: 'paid',
    status_transitions: { canceled_at: null, paid_at: nowSeconds },
  });
  store.put(paid);
  return { invoice: paid, happenings: [...tried.happenings, ...paidHappenings(paid)] };
}

interface BillingHappenings {
  readonly invoice: Invoice;
  readonly happenings: readonly Happening[];
}

function paidHappenings(invoice: Invoice): readonly Happening[] {
  return [
    { type: 'invoice.paid', object: invoice },
    { type: 'invoice.payment_succeeded', object: invoice },
  ];
}

/** Writes the invoice of the period that a subscription is in, and has it paid, declined, or void while billing is paused. */
function bill(
  subscription: Subscription,
  reason: BillingReason,
  isDeclined: boolean,
  store: Store,
  nowSeconds: number,
  payUrl: (id: string) => string,
): BillingHappenings {
  const customer = store.get('customer', idOf(subscription.customer));
  if (customer === undefined) throw new TypeError('a subscription is made for a known customer');
  const invoice = createInvoice(subscription, customer, reason, payUrl, nowSeconds);
  store.put(invoice);
  const written: readonly Happening[] = [
    { type: 'invoice.created', object: invoice },
    { type: 'invoice.finalized', object: invoice },
  ];
  if (subscription.pause_collection !== null) {
    const closed = closedInvoice(invoice, 'void', nowSeconds);
    store.put(closed);
    return { invoice: closed, happenings: [...written, { type: 'invoice.voided', object: closed }] };
  }
  const collected = collect(invoice, isDeclined, store, nowSeconds);
  return { ...collected, happenings: [...written, ...collected.happenings] };
}

/** Starts a subscription, whose first period the card on file pays at once. */
export function startSubscription(
  order: SubscriptionOrder,
  store: Store,
  nowSeconds: number,
  payUrl: (id: string) => string,
): { subscription: Subscription; happenings: readonly Happening[] } {
  const subscription = createSubscription(order, nowSeconds);
  const billed = bill(subscription, 'subscription_create', false, store, nowSeconds, payUrl);
  const invoiced = { ...subscription, latest_invoice: billed.invoice.id };
  store.put(invoiced);
  return {
    subscription: invoiced,
    happenings: [{ type: 'customer.subscription.created', object: invoiced }, ...billed.happenings],
  };
}

/** The period of a subscription is over: it ends if it was to, or the next one begins and is billed. */
export function renewSubscription(
  id: string,
  { isDeclined = false }: CardTry,
  store: Store,
  nowSeconds: number,
  payUrl: (id: string) => string,
): Result<BillingStep, StripeFailure> {
  const before = store.get('subscription', id);
  if (before === undefined || before.status === 'canceled') return err(noSuch('subscription', id));
  if (before.cancel_at_period_end) {
    const ended: Subscription = { ...before, status: 'canceled', ended_at: nowSeconds };
    store.put(ended);
    const happenings: Happening[] = [{ type: 'customer.subscription.deleted', object: ended }];
    return ok({ subscription: ended, invoice: undefined, happenings });
  }
  const next = nextPeriod(before);
  const billed = bill(next, 'subscription_cycle', isDeclined, store, nowSeconds, payUrl);
  const status = billed.invoice.status === 'open' ? 'past_due' : before.status;
  const after: Subscription = { ...next, status, latest_invoice: billed.invoice.id };
  store.put(after);
  const updated: Happening = {
    type: 'customer.subscription.updated',
    object: after,
    previous: { latest_invoice: before.latest_invoice, status: before.status },
  };
  return ok({ subscription: after, invoice: billed.invoice, happenings: [...billed.happenings, updated] });
}

/** Tries the card on file again for an open invoice. */
export function payInvoice(
  id: string,
  { isDeclined = false }: CardTry,
  store: Store,
  nowSeconds: number,
): Result<BillingStep, StripeFailure> {
  const invoice = store.get('invoice', id);
  if (invoice === undefined) return err(noSuch('invoice', id));
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    return err(invalidRequest('invoice_not_editable', `Invoice is already ${invoice.status ?? 'draft'}`));
  }
  const subscription = subscriptionOf(invoice, store);
  if (subscription === undefined) return err(noSuch('subscription', id));
  const billed = collect(invoice, isDeclined, store, nowSeconds);
  if (isDeclined || subscription.status !== 'past_due') return ok({ subscription, ...billed });
  const after: Subscription = { ...subscription, status: 'active' };
  store.put(after);
  const updated: Happening = {
    type: 'customer.subscription.updated',
    object: after,
    previous: { status: subscription.status },
  };
  return ok({ subscription: after, invoice: billed.invoice, happenings: [...billed.happenings, updated] });
}

/** Closes an open invoice for good, or until somebody pays it all the same. */
export function closeInvoice(
  id: string,
  status: 'void' | 'uncollectible',
  store: Store,
  nowSeconds: number,
): Result<BillingHappenings, StripeFailure> {
  const invoice = store.get('invoice', id);
  if (invoice === undefined) return err(noSuch('invoice', id));
  if (invoice.status !== 'open' && !(invoice.status === 'uncollectible' && status === 'void')) {
    const message = `You can only pass in open invoices. This invoice isn't open.`;
    return err(invalidRequest('status_transition_invalid', message));
  }
  const closed = closedInvoice(invoice, status, nowSeconds);
  store.put(closed);
  const type = status === 'void' ? 'invoice.voided' : 'invoice.marked_uncollectible';
  return ok({ invoice: closed, happenings: [{ type, object: closed }] });
}
