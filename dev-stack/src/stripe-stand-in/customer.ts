import type { Stripe } from 'stripe';
import * as v from 'valibot';
import { newId } from './id.ts';
import { Expand, Metadata, Text } from './params.ts';

export const Email = v.pipe(v.string(), v.email('Invalid email address'));

export const CreateCustomer = v.strictObject({
  email: v.optional(Email),
  name: v.optional(Text),
  phone: v.optional(Text),
  description: v.optional(Text),
  metadata: v.optional(Metadata, {}),
  expand: Expand,
});

/** A new customer. */
export function createCustomer(
  params: Omit<v.InferOutput<typeof CreateCustomer>, 'expand'>,
  nowSeconds: number,
): Stripe.Customer {
  return {
    id: newId('cus', 14),
    object: 'customer',
    address: null,
    balance: 0,
    created: nowSeconds,
    currency: null,
    default_source: null,
    delinquent: false,
    description: params.description ?? null,
    discount: null,
    email: params.email ?? null,
    invoice_prefix: newId('x', 8).slice(2).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: params.metadata,
    name: params.name ?? null,
    next_invoice_sequence: 1,
    phone: params.phone ?? null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
}
