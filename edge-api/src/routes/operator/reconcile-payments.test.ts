import { startStripeStandIn } from '@marvel/dev-stack/stripe-stand-in';
import { Checkout } from '@marvel/shared/api/billing';
import { ProviderReconciliation } from '@marvel/shared/api/operator';
import { Plan } from '@marvel/shared/api/plan';
import { Subscription } from '@marvel/shared/api/subscription';
import * as v from 'valibot';
import { afterAll, expect, test } from 'vitest';
import { expectFailure, startEdge } from '../../../test-support/edge.ts';

const stripe = await startStripeStandIn({ port: 0, secretKey: 'sk_test_1' });
const edge = await startEdge({ stripeApiUrl: stripe.url });
stripe.setWebhook({ url: new URL('/v1/webhooks/stripe', edge.url).href, secret: edge.stripeWebhookSecret });
afterAll(async () => {
  await stripe[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
});

const token = edge.operatorToken;
const buyer = await edge.signUp();
const terms = { name: '1 GB', bytes: 1_000_000_000, price_cents: 300, currency: 'usd' };
await edge.call('PUT', '/v1/operator/bundles/bnd_aaaa', { token, body: terms });

/** Everything until tomorrow: what is told of within these seconds, too. */
async function reconcile() {
  const to = new Date(Date.now() + 86_400_000).toISOString();
  const reply = await edge.call('GET', `/v1/operator/reconcile/payments?to=${to}`, { token });
  return v.parse(ProviderReconciliation, reply.json);
}

async function sqlOne(query: string, values: readonly unknown[] = []): Promise<string> {
  const [row] = await edge.database.query<Record<string, string>>(query, [...values]);
  return Object.values(row ?? {})[0] ?? '';
}

/** Buys the bundle. Gives the payment. */
async function buy(): Promise<string> {
  const made = await edge.call('POST', '/v1/checkout', { token: buyer.token, body: { bundle_id: 'bnd_aaaa' } });
  const { invoice_id: invoiceId } = v.parse(Checkout, made.json);
  const session = await sqlOne('select stripe_checkout_id from invoice where id = $1', [invoiceId]);
  expect(stripe.pay(session).ok).toBe(true);
  const paid = stripe.events().findLast(({ type }) => type === 'payment_intent.succeeded');
  return v.parse(v.object({ id: v.string() }), paid?.data.object).id;
}

async function subscribe(): Promise<{ readonly id: string; readonly stripeId: string }> {
  const plan = { ...terms, interval: 'month' };
  const { id: planId } = v.parse(Plan, (await edge.call('POST', '/v1/operator/plans', { token, body: plan })).json);
  const { token: own } = await edge.signUp();
  const made = await edge.call('POST', '/v1/subscriptions', { token: own, body: { plan_id: planId } });
  const { id } = v.parse(Subscription, made.json);
  stripe.pay(await sqlOne('select stripe_checkout_id from subscription where id = $1', [id]));
  await stripe.deliveriesIdle();
  return { id, stripeId: await sqlOne('select stripe_subscription_id from subscription where id = $1', [id]) };
}

test('what was told of as it happened is alike on both sides', async () => {
  const payment = await buy();
  await stripe.deliveriesIdle();
  stripe.refund(payment, 100);
  const disputed = await buy();
  await stripe.deliveriesIdle();
  const dispute = stripe.dispute(disputed);
  if (dispute.ok) stripe.closeDispute(dispute.value.id, 'won');
  const { stripeId } = await subscribe();
  stripe.renew(stripeId);
  await stripe.deliveriesIdle();
  expect(await reconcile()).toMatchObject({
    compared: { payments: 4, periods: 2, take_backs: 2, subscriptions: 1 },
    is_whole: true,
    problems: [],
  });
});

test('money that went either way and was not told of is named, until it is told of', async () => {
  const old = await buy();
  await stripe.deliveriesIdle();
  stripe.holdDeliveries();
  const payment = await buy();
  const refund = stripe.refund(old);
  const reference = refund.ok ? refund.value.id : '';
  const { problems } = await reconcile();
  expect(problems).toEqual([
    { problem: 'paid_not_credited', reference: payment, expected: '300 usd', found: null },
    { problem: 'take_back_missing', reference, expected: '300', found: null },
  ]);
  await stripe.releaseDeliveries();
  expect((await reconcile()).problems).toEqual([]);
});

test('what is here and not there, or other than there, is named and left as it is', async () => {
  const payment = await buy();
  await stripe.deliveriesIdle();
  await edge.database.query('update payment set amount_cents = 299 where reference = $1', [payment]);
  await edge.database.query(
    `insert into invoice (id, account_id, description, bytes, amount_cents, currency) values ('inv_made', $1, 'x', 5, 300, 'usd')`,
    [buyer.accountId],
  );
  await edge.database.query(`select post_payment('pay_made', 'pi_made', 'inv_made', 300, 'usd')`);
  const expected = [
    { problem: 'amount_differs', reference: payment, expected: '300 usd', found: '299 usd' },
    { problem: 'credited_not_paid', reference: 'pi_made', expected: null, found: 'credited' },
  ];
  expect((await reconcile()).problems).toEqual(expected);
  await edge.runScheduled('17 4 * * *');
  expect((await reconcile()).problems).toEqual(expected);
  // The run of a day leaves the last ten minutes out, as these payments are from.
  expect(edge.logs()).toContain('"event":"reconciled"');
  await edge.database.query(
    `update payment set paid_at = paid_at - interval '1 hour' where reference in ('pi_made', $1)`,
    [payment],
  );
  await edge.runScheduled('17 4 * * *');
  const problem = '"event":"reconcile_problem"';
  const lines = edge
    .logs()
    .split('\n')
    .filter((line) => line.includes(problem));
  expect(lines.map((line) => /"where":"(\w+)"/.exec(line)?.[1])).toEqual(['pi_made']);
  await edge.database.query('update payment set amount_cents = 300 where reference = $1', [payment]);
  await edge.database.query(`update payment set amount_cents = 0 where reference = 'pi_made'`);
});

test('a period that was paid without a payment goes by its invoice, whenever that is of', async () => {
  const { stripeId } = await subscribe();
  const renewed = stripe.renew(stripeId);
  await stripe.deliveriesIdle();
  const invoice = renewed.ok ? (renewed.value?.id ?? '') : '';
  await edge.database.query(
    `update payment p set reference = i.stripe_invoice_id from invoice i where i.id = p.invoice_id and i.stripe_invoice_id = $1`,
    [invoice],
  );
  expect((await reconcile()).problems).toEqual([]);
  // Stripe lists it under a day that is not asked for.
  await edge.database.query(`update payment set paid_at = now() - interval '20 days' where reference = $1`, [invoice]);
  const to = new Date(Date.now() - 10 * 86_400_000).toISOString();
  const from = new Date(Date.now() - 30 * 86_400_000).toISOString();
  const reply = await edge.call('GET', `/v1/operator/reconcile/payments?from=${from}&to=${to}`, { token });
  expect(v.parse(ProviderReconciliation, reply.json).problems).toEqual([]);
});

test('subscriptions that one side has otherwise are named', async () => {
  const [ended, forgotten, differing] = [await subscribe(), await subscribe(), await subscribe()];
  stripe.holdDeliveries();
  stripe.endSubscription(ended.stripeId);
  await edge.database.query(`update subscription set status = 'cancelled' where id = $1`, [forgotten.id]);
  await edge.database.query(`update subscription set cancel_at_period_end = true where id = $1`, [differing.id]);
  const { problems } = await reconcile();
  expect(new Set(problems)).toEqual(
    new Set([
      { problem: 'subscription_not_billed', reference: ended.stripeId, expected: null, found: 'active' },
      { problem: 'subscription_still_billed', reference: forgotten.stripeId, expected: 'active', found: 'cancelled' },
      {
        problem: 'subscription_differs',
        reference: differing.stripeId,
        expected: 'active',
        found: 'active, ends with its period',
      },
    ]),
  );
  await stripe.releaseDeliveries();
});

test('a period that is none is refused, and the provider being away is said', async () => {
  const ask = async (query: string) => edge.call('GET', `/v1/operator/reconcile/payments${query}`, { token });
  expectFailure(await ask('?from=2026-02-01&to=2026-01-01'), 'invalid', 'from: must be before to');
  expectFailure(await ask('?from=2026-01-01&to=2026-03-01'), 'invalid', 'from: must be at most 31 days before to');
  expectFailure(await edge.call('GET', '/v1/operator/reconcile/payments', { token: buyer.token }), 'unauthenticated');
  await stripe.stop();
  expectFailure(await ask(''), 'unavailable', 'The payment provider is not available right now');
  await stripe.start();
});
