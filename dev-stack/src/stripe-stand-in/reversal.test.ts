import type { Stripe } from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStripeStandIn, type StripeStandIn } from '../stripe-stand-in.ts';
import { bundle, client, failure, secretKey } from './test-client.ts';

let standIn: StripeStandIn;
let stripe: Stripe;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  standIn = parts.use(await startStripeStandIn({ port: 0, secretKey }));
  stripe = client(standIn);
});
afterAll(async () => parts.disposeAsync());

/** A payment that was made. */
async function paidIntent(): Promise<string> {
  const session = await stripe.checkout.sessions.create(bundle);
  standIn.pay(session.id);
  const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(session.id);
  return typeof intent === 'string' ? intent : '';
}

describe('refunds and disputes', () => {
  test('a refund in parts never gives back more than was paid', async () => {
    const payment_intent = await paidIntent();
    expect(await stripe.refunds.create({ payment_intent, amount: 1_000 })).toMatchObject({
      amount: 1_000,
      status: 'succeeded',
    });
    expect(await failure(stripe.refunds.create({ payment_intent, amount: 1_501 }))).toMatchObject({ param: 'amount' });
    const rest = await stripe.refunds.create({ payment_intent });
    expect(rest.amount).toBe(1_500);
    expect(await stripe.charges.retrieve(typeof rest.charge === 'string' ? rest.charge : '')).toMatchObject({
      amount_refunded: 2_500,
      refunded: true,
    });
    expect(await failure(stripe.refunds.create({ payment_intent }))).toMatchObject({ code: 'charge_already_refunded' });
    expect((await stripe.refunds.list({ payment_intent })).data).toHaveLength(2);
  });

  test('a disputed charge cannot be refunded, and a dispute is decided once', async () => {
    const payment_intent = await paidIntent();
    const disputed = standIn.dispute(payment_intent, { reason: 'product_not_received' });
    const id = disputed.ok ? disputed.value.id : '';
    expect(await stripe.disputes.retrieve(id)).toMatchObject({
      amount: 2_500,
      status: 'needs_response',
      payment_intent,
    });
    expect(await failure(stripe.refunds.create({ payment_intent }))).toMatchObject({ code: 'charge_disputed' });
    expect(standIn.closeDispute(id, 'lost')).toMatchObject({ ok: true, value: { status: 'lost' } });
    expect(standIn.closeDispute(id, 'won').ok).toBe(false);
  });
});
