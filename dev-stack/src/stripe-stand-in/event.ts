import type { Stripe } from 'stripe';
import type { Session } from './checkout-session.ts';
import { newId } from './id.ts';
import type { Subscription } from './subscription.ts';

/** The version whose shapes the stand-in writes: the one that `stripe` 23.1 pins. */
export const API_VERSION = '2026-10-28.endive';

/** Each event that the stand-in sends, and the object in it. */
export interface EventObjects {
  'charge.dispute.closed': Stripe.Dispute;
  'charge.dispute.created': Stripe.Dispute;
  'charge.dispute.funds_reinstated': Stripe.Dispute;
  'charge.dispute.funds_withdrawn': Stripe.Dispute;
  'charge.failed': Stripe.Charge;
  'charge.refunded': Stripe.Charge;
  'charge.succeeded': Stripe.Charge;
  'checkout.session.completed': Session;
  'checkout.session.expired': Session;
  'customer.created': Stripe.Customer;
  'customer.subscription.created': Subscription;
  'customer.subscription.deleted': Subscription;
  'customer.subscription.updated': Subscription;
  'invoice.paid': Stripe.Invoice;
  'payment_intent.payment_failed': Stripe.PaymentIntent;
  'payment_intent.succeeded': Stripe.PaymentIntent;
  'refund.created': Stripe.Refund;
}
export type EventType = keyof EventObjects;

/** The API request that caused something; both null when a person or a test did. */
export interface Cause {
  readonly id: string | null;
  readonly idempotency_key: string | null;
}

/** An event as it is posted to the webhook endpoint and answered by `GET /v1/events/:id`. */
export interface StripeEvent {
  readonly id: string;
  readonly object: 'event';
  readonly api_version: string;
  readonly created: number;
  readonly data: { readonly object: EventObjects[EventType]; readonly previous_attributes?: object };
  readonly livemode: false;
  /** 1 until the endpoint has taken it. */
  readonly pending_webhooks: number;
  readonly request: Cause;
  readonly type: EventType;
}

/** What happened, with the object as it is now. */
export interface Happening<T extends EventType = EventType> {
  readonly type: T;
  readonly object: EventObjects[T];
  /** The former values of what changed. */
  readonly previous?: object;
}

/** Makes the event of a happening; it keeps its own copy of the object. */
export function createEvent(happening: Happening, cause: Cause, nowSeconds: number): StripeEvent {
  const { type, object, previous } = happening;
  return {
    id: newId('evt'),
    object: 'event',
    api_version: API_VERSION,
    created: nowSeconds,
    data: structuredClone({ object, ...(previous === undefined ? {} : { previous_attributes: previous }) }),
    livemode: false,
    pending_webhooks: 1,
    request: cause,
    type,
  };
}
