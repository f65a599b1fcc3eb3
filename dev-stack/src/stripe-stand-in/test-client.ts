import { Stripe } from 'stripe';
import type { StripeStandIn } from '../stripe-stand-in.ts';

export const secretKey = 'sk_test_standInStandInStandIn';

/** The real package, talking to the stand-in. */
export function client(target: StripeStandIn, key = secretKey): Stripe {
  return new Stripe(key, { ...target.clientOptions, maxNetworkRetries: 0, telemetry: false });
}

/** A bundle that is paid once. */
export const bundle: Stripe.Checkout.SessionCreateParams = {
  mode: 'payment',
  line_items: [
    {
      quantity: 2,
      price_data: { currency: 'usd', unit_amount: 1_250, product_data: { name: '10 GB <bundle> & more' } },
    },
  ],
  client_reference_id: 'inv_1',
  metadata: { invoice: 'inv_1', note: 'a=b&c[d]=é' },
  payment_intent_data: { metadata: { invoice: 'inv_1' } },
  customer_email: 'payer@marvel.test',
  success_url: 'http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'http://127.0.0.1:9/cancelled',
};

/** A plan that is paid every month. */
export const plan: Stripe.Checkout.SessionCreateParams = {
  mode: 'subscription',
  line_items: [
    {
      quantity: 1,
      price_data: {
        currency: 'eur',
        unit_amount: 900,
        recurring: { interval: 'month' },
        product_data: { name: 'Plan' },
      },
    },
  ],
  subscription_data: { metadata: { plan: 'p1' } },
  success_url: 'http://127.0.0.1:9/done',
};

/** What a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
}
