import type { Stripe } from 'stripe';

/** On the wire decimals are texts; the `stripe` package makes them numbers of its own. */
export type Price = Omit<Stripe.Price, 'unit_amount_decimal'> & { readonly unit_amount_decimal: string | null };

export type Plan = Omit<Stripe.Plan, 'amount_decimal'> & { readonly amount_decimal: string | null };

export type SubscriptionItem = Omit<Stripe.SubscriptionItem, 'price' | 'plan' | 'quantity'> & {
  readonly price: Price;
  readonly plan: Plan;
  readonly quantity: number;
};

/** A subscription as it is on the wire. */
export type Subscription = Omit<Stripe.Subscription, 'items'> & { readonly items: Stripe.ApiList<SubscriptionItem> };

export type LineItem = Omit<Stripe.LineItem, 'price' | 'quantity'> & {
  readonly price: Price;
  readonly quantity: number;
};

export type InvoiceLine = Omit<Stripe.InvoiceLineItem, 'pricing' | 'quantity_decimal'> & {
  readonly pricing: Omit<Stripe.InvoiceLineItem.Pricing, 'unit_amount_decimal'> & {
    readonly unit_amount_decimal: string | null;
  };
};

/** An invoice as it is on the wire; its payments are there only when they are asked for. */
export type Invoice = Omit<Stripe.Invoice, 'lines' | 'payments'> & { readonly lines: Stripe.ApiList<InvoiceLine> };

/** A session as the API answers it. */
export type Session = Omit<Stripe.Checkout.Session, 'line_items'>;

/** A session as it is kept: with what is bought, and what the things get that are made when it is paid. */
export interface SessionRecord extends Session {
  readonly stand_in: {
    readonly items: readonly LineItem[];
    readonly payment_intent_data: {
      readonly metadata: Stripe.Metadata;
      readonly description?: string | undefined;
      readonly receipt_email?: string | undefined;
      readonly statement_descriptor?: string | undefined;
    };
    readonly subscription_data: { readonly metadata: Stripe.Metadata; readonly description?: string | undefined };
  };
}

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
  'invoice.created': Invoice;
  'invoice.finalized': Invoice;
  'invoice.marked_uncollectible': Invoice;
  'invoice.paid': Invoice;
  'invoice.payment_failed': Invoice;
  'invoice.payment_succeeded': Invoice;
  'invoice.voided': Invoice;
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

/** Every kind of object that the stand-in keeps, by the name that the object itself carries. */
export interface Kinds {
  'checkout.session': SessionRecord;
  charge: Stripe.Charge;
  customer: Stripe.Customer;
  dispute: Stripe.Dispute;
  event: StripeEvent;
  invoice: Invoice;
  invoice_payment: Stripe.InvoicePayment;
  payment_intent: Stripe.PaymentIntent;
  price: Price;
  product: Stripe.Product;
  refund: Stripe.Refund;
  subscription: Subscription;
}
export type Kind = keyof Kinds;
