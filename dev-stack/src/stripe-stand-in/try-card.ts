import type { Stripe } from 'stripe';
import type { Happening } from './event.ts';
import { afterCharge, createCharge, type PaymentOrder } from './payment.ts';
import type { Store } from './store.ts';

/** Tries the card once and keeps what came of it. */
export function tryCard(
  intent: Stripe.PaymentIntent,
  order: PaymentOrder,
  isPaid: boolean,
  store: Store,
  nowSeconds: number,
): { intent: Stripe.PaymentIntent; happenings: Happening[] } {
  const charge = createCharge(intent, order, isPaid, nowSeconds);
  const tried = afterCharge(intent, charge);
  store.put(tried);
  store.put(charge);
  const happenings: Happening[] = isPaid
    ? [
        { type: 'charge.succeeded', object: charge },
        { type: 'payment_intent.succeeded', object: tried },
      ]
    : [
        { type: 'charge.failed', object: charge },
        { type: 'payment_intent.payment_failed', object: tried },
      ];
  return { intent: tried, happenings };
}
