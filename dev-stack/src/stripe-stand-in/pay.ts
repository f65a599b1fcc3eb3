import { err, ok, type Result } from '@marvel/shared/result';
import type { Stripe } from 'stripe';
import { publicSession } from './checkout-session.ts';
import type { SessionRecord } from './objects.ts';
import { createCustomer } from './customer.ts';
import type { Happening } from './event.ts';
import { startSubscription } from './billing.ts';
import { createPaymentIntent, type PaymentOrder } from './payment.ts';
import type { Store } from './store.ts';
import { tryCard } from './try-card.ts';

/** Why a session cannot be paid, declined or expired any more. */
export type SessionClosed = 'unknown' | 'complete' | 'expired';

/** What a step of a session led to: the session after it, and what is to be told. */
export interface SessionStep {
  readonly session: SessionRecord;
  readonly happenings: readonly Happening[];
}

const nobody = 'payer@example.com';

/** The session while it may still be paid. */
export function openSession(id: string, store: Store): Result<SessionRecord, SessionClosed> {
  const session = store.get('checkout.session', id);
  if (session === undefined) return err('unknown');
  if (session.status === 'complete') return err('complete');
  return session.status === 'expired' ? err('expired') : ok(session);
}

function customerOf(session: SessionRecord, store: Store): Stripe.Customer | undefined {
  return typeof session.customer === 'string' ? store.get('customer', session.customer) : undefined;
}

function orderOf(session: SessionRecord, customer: Stripe.Customer | undefined): PaymentOrder {
  const data = session.stand_in.payment_intent_data;
  return {
    amount: session.amount_total ?? 0,
    currency: session.currency ?? '',
    customer: customer?.id ?? null,
    email: customer?.email ?? session.customer_email ?? nobody,
    description: data.description ?? null,
    metadata: data.metadata,
    receiptEmail: data.receipt_email ?? null,
    statementDescriptor: data.statement_descriptor ?? null,
  };
}

function addCustomer(
  email: string | null,
  store: Store,
  nowSeconds: number,
): { customer: Stripe.Customer; happenings: Happening[] } {
  const customer = createCustomer({ metadata: {}, ...(email === null ? {} : { email }) }, nowSeconds);
  store.put(customer);
  return { customer, happenings: [{ type: 'customer.created', object: customer }] };
}

/** The session once all is paid. */
function complete(
  session: SessionRecord,
  email: string | null,
  made: Partial<SessionRecord>,
  store: Store,
): SessionStep {
  const done: SessionRecord = {
    ...session,
    ...made,
    customer_details: {
      address: null,
      business_name: null,
      email,
      individual_name: null,
      name: null,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
    payment_status: 'paid',
    status: 'complete',
    url: null,
  };
  store.put(done);
  return { session: done, happenings: [{ type: 'checkout.session.completed', object: publicSession(done) }] };
}

function intentOf(session: SessionRecord, order: PaymentOrder, store: Store, nowSeconds: number): Stripe.PaymentIntent {
  const begun =
    typeof session.payment_intent === 'string' ? store.get('payment_intent', session.payment_intent) : undefined;
  return begun ?? createPaymentIntent(order, nowSeconds);
}

/** Pays an open session with a card that works. */
export function paySession(
  id: string,
  store: Store,
  nowSeconds: number,
  payUrl: (id: string) => string,
): Result<SessionStep, SessionClosed> {
  const open = openSession(id, store);
  if (!open.ok) return open;
  const session = open.value;
  const happenings: Happening[] = [];
  let customer = customerOf(session, store);
  if (customer === undefined && (session.mode === 'subscription' || session.customer_creation === 'always')) {
    const added = addCustomer(session.customer_email ?? nobody, store, nowSeconds);
    customer = added.customer;
    happenings.push(...added.happenings);
  }
  const order = orderOf(session, customer);
  const made: Partial<SessionRecord> = { customer: customer?.id ?? null };
  if (session.mode === 'subscription' && customer !== undefined) {
    const { metadata, description = null } = session.stand_in.subscription_data;
    const items = session.stand_in.items.map(({ price, quantity }) => ({ price, quantity }));
    const started = startSubscription(
      { customer: customer.id, items, metadata, description, cancelAtPeriodEnd: false },
      store,
      nowSeconds,
      payUrl,
    );
    happenings.push(...started.happenings);
    Object.assign(made, { subscription: started.subscription.id, invoice: started.subscription.latest_invoice });
  } else {
    const paid = tryCard(intentOf(session, order, store, nowSeconds), order, true, store, nowSeconds);
    happenings.push(...paid.happenings);
    Object.assign(made, { payment_intent: paid.intent.id });
  }
  const done = complete(session, order.email, made, store);
  return ok({ session: done.session, happenings: [...happenings, ...done.happenings] });
}

/** Tries an open session with a card that is declined; the session stays open. */
export function declineSession(id: string, store: Store, nowSeconds: number): Result<SessionStep, SessionClosed> {
  const open = openSession(id, store);
  if (!open.ok) return open;
  const session = open.value;
  const order = orderOf(session, customerOf(session, store));
  const tried = tryCard(intentOf(session, order, store, nowSeconds), order, false, store, nowSeconds);
  const next = session.mode === 'payment' ? { ...session, payment_intent: tried.intent.id } : session;
  store.put(next);
  return ok({ session: next, happenings: tried.happenings });
}

/** Ends an open session without a payment. */
export function expireSession(id: string, store: Store): Result<SessionStep, SessionClosed> {
  const open = openSession(id, store);
  if (!open.ok) return open;
  const expired: SessionRecord = { ...open.value, status: 'expired', url: null };
  store.put(expired);
  return ok({ session: expired, happenings: [{ type: 'checkout.session.expired', object: publicSession(expired) }] });
}
