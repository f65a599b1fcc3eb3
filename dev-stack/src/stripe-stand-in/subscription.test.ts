import type { Stripe } from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStripeStandIn, type StripeStandIn } from '../stripe-stand-in.ts';
import { client, plan, secretKey } from './test-client.ts';

let standIn: StripeStandIn;
let stripe: Stripe;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  standIn = parts.use(await startStripeStandIn({ port: 0, secretKey }));
  stripe = client(standIn);
});
afterAll(async () => parts.disposeAsync());

describe('subscriptions', () => {
  test('a paid subscription session makes a customer, a subscription and a paid invoice', async () => {
    const session = await stripe.checkout.sessions.create(plan);
    standIn.pay(session.id);
    const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription', 'invoice'] });
    expect(paid).toMatchObject({
      payment_status: 'paid',
      payment_intent: null,
      customer: expect.stringMatching(/^cus_/) as unknown,
      subscription: { status: 'active', metadata: { plan: 'p1' }, items: { data: [{ price: { unit_amount: 900 } }] } },
      invoice: { status: 'paid', amount_paid: 900, billing_reason: 'subscription_create' },
    });
  });

  test('one made by the API is paused, resumed, set to end and cancelled', async () => {
    const { id: customer } = await stripe.customers.create({ email: 's@marvel.test' });
    const product = await stripe.products.create({ name: 'Plan' });
    const price = await stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 500,
      recurring: { interval: 'year' },
    });
    const { id, items } = await stripe.subscriptions.create({
      customer,
      items: [{ price: price.id }],
      metadata: { a: '1', b: '2' },
    });
    const year = (items.data[0]?.current_period_end ?? 0) - (items.data[0]?.current_period_start ?? 0);
    expect(year / 86_400).toSatisfy((days: number) => days === 365 || days === 366);
    expect(
      await stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' }, metadata: { a: '' } }),
    ).toMatchObject({
      pause_collection: { behavior: 'void' },
      metadata: { b: '2' },
    });
    expect(await stripe.subscriptions.update(id, { pause_collection: '' })).toMatchObject({ pause_collection: null });
    expect(await stripe.subscriptions.update(id, { cancel_at_period_end: true })).toMatchObject({
      cancel_at: items.data[0]?.current_period_end,
    });
    expect(await stripe.subscriptions.cancel(id)).toMatchObject({ status: 'canceled' });
    expect((await stripe.subscriptions.list({ customer })).data).toEqual([]);
    expect((await stripe.subscriptions.list({ customer, status: 'all' })).data).toHaveLength(1);
  });
});
