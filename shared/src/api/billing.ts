import * as v from 'valibot';
import { Count, Id, Timestamp } from '../units.ts';

/** Bytes on sale. */
export const Bundle = v.strictObject({
  id: Id,
  name: v.string(),
  bytes: Count,
  /** In the smallest unit of the currency. */
  price_cents: Count,
  /** ISO 4217, lower case. */
  currency: v.string(),
});

export const BundleList = v.strictObject({ data: v.array(Bundle), next_cursor: v.null() });

export const CheckoutRequest = v.strictObject({ bundle_id: Id });

export const Checkout = v.strictObject({ invoice_id: Id, checkout_url: v.string() });

/** What is to be paid, or was. */
export const Invoice = v.strictObject({
  id: Id,
  status: v.picklist(['open', 'paid', 'void', 'uncollectible']),
  bundle_id: v.nullable(Id),
  /** Whose period it is for. */
  subscription_id: v.nullable(Id),
  description: v.string(),
  bytes: Count,
  /** In the smallest unit of the currency. */
  amount_cents: Count,
  currency: v.string(),
  /** Where an open invoice can be paid. */
  checkout_url: v.nullable(v.string()),
  created_at: Timestamp,
  paid_at: v.nullable(Timestamp),
});
export type Invoice = v.InferOutput<typeof Invoice>;

/** Newest first; `next_cursor` is `null` on the last page. */
export const InvoiceList = v.strictObject({ data: v.array(Invoice), next_cursor: v.nullable(v.string()) });

export const WebhookReceived = v.strictObject({ received: v.literal(true) });
