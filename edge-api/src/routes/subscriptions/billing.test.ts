import { startStripeStandIn } from '@marvel/dev-stack/stripe-stand-in';
import { InvoiceList } from '@marvel/shared/api/billing';
import { Plan } from '@marvel/shared/api/plan';
import { Subscription } from '@marvel/shared/api/subscription';
import * as v from 'valibot';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';

const stripe = await startStripeStandIn({ port: 0, secretKey: 'sk_test_1' });
const edge = await startEdge({ stripeApiUrl: stripe.url, dashboardOrigin: 'https://dash.example' });
stripe.setWebhook({ url: new URL('/v1/webhooks/stripe', edge.url).href, secret: edge.stripeWebhookSecret });
afterAll(async () => {
  await stripe[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
});

const gb = 1_000_000_000;
const terms = { name: '10 GB a month', bytes: 10 * gb, price_cents: 3000, currency: 'usd', interval: 'month' };
const planId = await makePlan();

async function makePlan(more: object = {}): Promise<string> {
  const made = await edge.call('POST', '/v1/operator/plans', {
    token: edge.operatorToken,
    body: { ...terms, ...more },
  });
  expect(made.status).toBe(201);
  return v.parse(Plan, made.json).id;
}

async function subscribe({ token }: SignedUp, plan = planId) {
  const reply = await edge.call('POST', '/v1/subscriptions', { token, body: { plan_id: plan } });
  expect(reply.status).toBe(201);
  const subscription = v.parse(Subscription, reply.json);
  const [row] = await edge.database.query<{ session: string }>(
    'select stripe_checkout_id as session from subscription where id = $1',
    [subscription.id],
  );
  return { ...subscription, session: row?.session ?? '' };
}

/** Subscribes and pays the first period. */
async function begin(account: SignedUp, plan = planId) {
  const subscription = await subscribe(account, plan);
  expect(stripe.pay(subscription.session).ok).toBe(true);
  await stripe.deliveriesIdle();
  return { id: subscription.id, stripeId: await stripeIdOf(subscription.id) };
}

async function stripeIdOf(id: string): Promise<string> {
  const sql = 'select stripe_subscription_id as stripe from subscription where id = $1';
  return (await edge.database.query<{ stripe: string }>(sql, [id]))[0]?.stripe ?? '';
}

async function show({ token }: SignedUp, id: string) {
  return v.parse(Subscription, (await edge.call('GET', `/v1/subscriptions/${id}`, { token })).json);
}

async function step({ token }: SignedUp, id: string, name: string, body?: object) {
  return edge.call('POST', `/v1/subscriptions/${id}/${name}`, { token, body });
}

async function balance({ token }: SignedUp): Promise<number> {
  const reply = await edge.call('GET', '/v1/usage', { token });
  return v.parse(v.object({ balance_bytes: v.number() }), reply.json).balance_bytes;
}

async function invoices({ token }: SignedUp) {
  return v.parse(InvoiceList, (await edge.call('GET', '/v1/invoices', { token })).json).data;
}

/** The period is over; its events are told. Gives the invoice of the next one. */
async function renew(stripeId: string, isDeclined = false): Promise<string> {
  const renewed = stripe.renew(stripeId, { isDeclined });
  await stripe.deliveriesIdle();
  return (renewed.ok && renewed.value?.id) || '';
}

/** The payment of an account's newest period. */
async function newestPayment({ accountId }: SignedUp): Promise<string> {
  const [row] = await edge.database.query<{ reference: string }>(
    'select reference from payment where account_id = $1 order by paid_at desc limit 1',
    [accountId],
  );
  return row?.reference ?? '';
}

describe('an account on a plan of Marvel’s', () => {
  test('is past due with a page to pay on, and without bytes, until it has paid', async () => {
    const account = await edge.signUp();
    const subscription = await subscribe(account);
    expect(subscription).toMatchObject({
      status: 'past_due',
      customer_id: null,
      periods_begun: 0,
      current_period_end: null,
    });
    expect(subscription.checkout_url).toContain(subscription.session);
    expect(await balance(account)).toBe(0);

    expect(stripe.pay(subscription.session).ok).toBe(true);
    await stripe.deliveriesIdle();
    const paid = await show(account, subscription.id);
    expect(paid).toMatchObject({ status: 'active', periods_begun: 1, checkout_url: null });
    expect(Date.parse(paid.current_period_end ?? '')).toBeGreaterThan(Date.now());
    expect(await balance(account)).toBe(10 * gb);
    expect(await invoices(account)).toMatchObject([
      { status: 'paid', subscription_id: subscription.id, bundle_id: null, bytes: 10 * gb, amount_cents: 3000 },
    ]);
  });

  test('the payment page returns to the billing page of the dashboard', async () => {
    const { session } = await subscribe(await edge.signUp());
    const answer = await fetch(`${stripe.url}/pay/${session}`, {
      method: 'POST',
      body: 'action=pay',
      redirect: 'manual',
    });
    expect(answer.headers.get('location')).toMatch(
      /^https:\/\/dash\.example\/billing\?subscription=sbn_\w+&checkout=done$/,
    );
    await stripe.deliveriesIdle();
  });

  test.each(['oldest-first', 'newest-first'] as const)('two periods told %s are credited once each', async (order) => {
    const account = await edge.signUp();
    const { session, id } = await subscribe(account);
    stripe.holdDeliveries();
    stripe.pay(session);
    const made = stripe.heldEvents().find(({ type }) => type === 'customer.subscription.created');
    stripe.renew(v.parse(v.object({ id: v.string() }), made?.data.object).id);
    const paid = stripe.heldEvents().filter(({ type }) => type === 'invoice.paid');
    for (const event of paid) expect(new Set(await stripe.deliver(event.id, { times: 5 }))).toEqual(new Set([200]));
    await stripe.releaseDeliveries(order);
    expect(await show(account, id)).toMatchObject({ status: 'active', periods_begun: 2 });
    expect((await invoices(account)).map(({ status }) => status)).toEqual(['paid', 'paid']);
    const credits = `select count(*)::integer as credits from payment where account_id = $1`;
    expect(await edge.database.query(credits, [account.accountId])).toEqual([{ credits: 2 }]);
  });

  test('a new period takes the place of what was left of the one before; what was bought beside stays', async () => {
    const account = await edge.signUp(3 * gb);
    const { id, stripeId } = await begin(account);
    const before = await show(account, id);
    expect(await balance(account)).toBe(13 * gb);
    await renew(stripeId);
    expect(await balance(account)).toBe(13 * gb);
    const after = await show(account, id);
    expect(after.current_period_start).toBe(before.current_period_end);
    const ledger = await edge.call('GET', '/v1/ledger', { token: account.token });
    const { data } = v.parse(
      v.object({ data: v.array(v.object({ cause: v.string(), bytes: v.number() })) }),
      ledger.json,
    );
    expect(data.map(({ cause, bytes }) => [cause, bytes])).toEqual([
      ['expiry', -10 * gb],
      ['payment', 10 * gb],
      ['payment', 10 * gb],
      ['adjustment', 3 * gb],
    ]);
  });

  test('what is left expires by itself once the period is over for a day', async () => {
    const account = await edge.signUp();
    await begin(account);
    await edge.runScheduled();
    expect(await balance(account)).toBe(10 * gb);
    await edge.database.query(`update payment set expires_at = now() - interval '1 second' where account_id = $1`, [
      account.accountId,
    ]);
    await edge.runScheduled();
    expect(await balance(account)).toBe(0);
  });

  test('a failed payment is past due and credits nothing; paid after all it is active and credited', async () => {
    const account = await edge.signUp();
    const { id, stripeId } = await begin(account);
    const invoiceId = await renew(stripeId, true);
    expect(await show(account, id)).toMatchObject({ status: 'past_due', periods_begun: 1 });
    const [open] = await invoices(account);
    expect(open).toMatchObject({ status: 'open', subscription_id: id });
    expect(open?.checkout_url).toContain(invoiceId);
    expect(await balance(account)).toBe(10 * gb);
    expectFailure(await step(account, id, 'pause'), 'conflict', 'Not possible for a subscription that is past_due');

    expect(stripe.retryInvoice(invoiceId).ok).toBe(true);
    await stripe.deliveriesIdle();
    expect(await show(account, id)).toMatchObject({ status: 'active', periods_begun: 2 });
    expect((await invoices(account))[0]).toMatchObject({ status: 'paid', checkout_url: null });
  });

  test('an invoice that Stripe gives up or voids is so here too; one that is voided here is at Stripe', async () => {
    const account = await edge.signUp();
    const { token } = account;
    const { stripeId } = await begin(account);
    const given = await renew(stripeId, true);
    stripe.closeInvoice(given, 'uncollectible');
    await stripe.deliveriesIdle();
    expect((await invoices(account))[0]?.status).toBe('uncollectible');
    const voided = await renew(stripeId, true);
    stripe.closeInvoice(voided, 'void');
    await stripe.deliveriesIdle();
    expect((await invoices(account))[0]?.status).toBe('void');
    await renew(stripeId, true);
    const [open] = await invoices(account);
    expect((await edge.call('POST', `/v1/invoices/${open?.id}/void`, { token })).status).toBe(200);
    await vi.waitUntil(() => stripe.events().filter(({ type }) => type === 'invoice.voided').length >= 2, {
      timeout: 20_000,
    });
    expect(await balance(account)).toBe(10 * gb);
  });

  test('refunds and disputes of a period take its bytes back, and a won dispute gives them again', async () => {
    const account = await edge.signUp();
    const { stripeId } = await begin(account);
    expect(stripe.refund(await newestPayment(account), 1500).ok).toBe(true);
    await stripe.deliveriesIdle();
    expect(await balance(account)).toBe(5 * gb);
    await renew(stripeId);
    expect(await balance(account)).toBe(10 * gb);
    const disputed = stripe.dispute(await newestPayment(account));
    if (!disputed.ok) throw new Error(disputed.error.message);
    await stripe.deliveriesIdle();
    expect(await balance(account)).toBe(0);
    stripe.closeDispute(disputed.value.id, 'won');
    await stripe.deliveriesIdle();
    expect(await balance(account)).toBe(10 * gb);
  });

  test('pauses and resumes its billing at Stripe: no period of the pause is paid or credited', async () => {
    const account = await edge.signUp();
    const { id, stripeId } = await begin(account);
    expect(v.parse(Subscription, (await step(account, id, 'pause')).json).status).toBe('paused');
    await renew(stripeId);
    expect(await show(account, id)).toMatchObject({ status: 'paused', periods_begun: 1 });
    expect((await invoices(account))[0]).toMatchObject({ status: 'void' });
    expect(v.parse(Subscription, (await step(account, id, 'resume')).json).status).toBe('active');
    await renew(stripeId);
    expect(await show(account, id)).toMatchObject({ status: 'active', periods_begun: 2 });
    await stripe.deliveriesIdle();
  });

  test('is billed no more once cancelled, at once, with its period, or at Stripe; what was paid stays', async () => {
    const now = await edge.signUp();
    const first = await begin(now);
    expect(v.parse(Subscription, (await step(now, first.id, 'cancel')).json).status).toBe('cancelled');
    expect(stripe.renew(first.stripeId).ok).toBe(false);
    await stripe.deliveriesIdle();
    expect(await balance(now)).toBe(10 * gb);

    const later = await edge.signUp();
    const second = await begin(later);
    const ending = await step(later, second.id, 'cancel', { at_period_end: true });
    expect(v.parse(Subscription, ending.json)).toMatchObject({ status: 'active', cancel_at_period_end: true });
    await renew(second.stripeId);
    expect((await show(later, second.id)).status).toBe('cancelled');

    const there = await edge.signUp();
    const third = await begin(there);
    stripe.endSubscription(third.stripeId);
    await stripe.deliveriesIdle();
    expect((await show(there, third.id)).status).toBe('cancelled');
    // Another may begin then.
    await begin(there);
  });

  test.each(['oldest-first', 'newest-first'] as const)(
    'is completed, and billed no more, after the last of its periods, told %s',
    async (order) => {
      const account = await edge.signUp();
      const { id, stripeId } = await begin(account, await makePlan({ periods: 2 }));
      stripe.holdDeliveries();
      stripe.renew(stripeId);
      await stripe.releaseDeliveries(order);
      expect(await show(account, id)).toMatchObject({ status: 'active', periods_begun: 2, cancel_at_period_end: true });
      await renew(stripeId);
      expect(await show(account, id)).toMatchObject({ status: 'completed', periods_begun: 2 });
    },
  );

  test('cancelled before it was paid, its page is closed; a page that expired cancels', async () => {
    const account = await edge.signUp();
    const first = await subscribe(account);
    expect(v.parse(Subscription, (await step(account, first.id, 'cancel')).json)).toMatchObject({
      status: 'cancelled',
      checkout_url: null,
    });
    expect(stripe.pay(first.session).ok).toBe(false);
    const second = await subscribe(account);
    expect(stripe.expire(second.session).ok).toBe(true);
    await stripe.deliveriesIdle();
    expect((await show(account, second.id)).status).toBe('cancelled');
  });

  test('cancelled while its payment was under way, it is ended at Stripe, and what was paid is credited', async () => {
    const account = await edge.signUp();
    const { id, session } = await subscribe(account);
    stripe.holdDeliveries();
    stripe.pay(session);
    expect(v.parse(Subscription, (await step(account, id, 'cancel')).json).status).toBe('cancelled');
    await stripe.releaseDeliveries();
    const stripeId = await stripeIdOf(id);
    expect(stripe.renew(stripeId).ok).toBe(false);
    expect((await show(account, id)).status).toBe('cancelled');
    expect(await balance(account)).toBe(10 * gb);
  });

  test('is on one plan at a time; an Idempotency-Key begins one', async () => {
    const account = await edge.signUp();
    const { token } = account;
    const post = async (headers = {}) =>
      edge.call('POST', '/v1/subscriptions', { token, body: { plan_id: planId }, headers });
    const once = { 'Idempotency-Key': 'sub-1' };
    const replies = [await post(once), await post(once)];
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expectFailure(await post(), 'conflict', 'Another subscription goes on; cancel it first');
  });

  test('Stripe away is 503 and changes nothing', async () => {
    const account = await edge.signUp();
    const { id } = await begin(account);
    const fresh = await edge.signUp();
    await stripe.stop();
    const replies = [
      await step(account, id, 'pause'),
      await edge.call('POST', '/v1/subscriptions', { token: fresh.token, body: { plan_id: planId } }),
    ];
    await stripe.start();
    for (const reply of replies) {
      expectFailure(reply, 'unavailable', 'The payment provider is not available right now');
    }
    expect((await show(account, id)).status).toBe('active');
    await subscribe(fresh);
  });

  test('a plan and a bundle in a currency that Stripe does not take name the field, and leave nothing behind', async () => {
    const account = await edge.signUp();
    const { token } = account;
    const plan = await makePlan();
    await edge.database.query(`update plan set currency = 'zzz' where id = $1`, [plan]);
    const refused = 'cannot be paid for: the payment provider does not take its price or currency';
    expectFailure(
      await edge.call('POST', '/v1/subscriptions', { token, body: { plan_id: plan } }),
      'invalid',
      `plan_id: ${refused}`,
    );
    await edge.database.query(
      `insert into bundle (id, name, bytes, price_cents, currency) values ('bnd_oddmoney', 'odd', $1, 1000, 'zzz')`,
      [gb],
    );
    expectFailure(
      await edge.call('POST', '/v1/checkout', { token, body: { bundle_id: 'bnd_oddmoney' } }),
      'invalid',
      `bundle_id: ${refused}`,
    );
    expect(await invoices(account)).toEqual([]);
    expect(edge.logs()).toContain('payment_provider_refused');
    await subscribe(account);
  });

  test('a plan of Marvel’s is for no customer', async () => {
    const { token } = await edge.signUp();
    const made = await edge.call('POST', '/v1/customers', { token, body: { name: 'Ann' } });
    const { id } = v.parse(v.object({ id: v.string() }), made.json);
    expectFailure(
      await edge.call('POST', '/v1/subscriptions', { token, body: { plan_id: planId, customer_id: id } }),
      'invalid',
      'customer_id: cannot be put on a plan of Marvel’s',
    );
  });
});

test('after all of this the books are in order', async () => {
  expect(await edge.database.query('select * from books_check()')).toEqual([]);
  const odd = await edge.database.query('select kind from anomaly');
  expect(odd).toEqual([]);
});
