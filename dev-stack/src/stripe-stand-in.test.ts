import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stripe } from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStripeStandIn, type StripeStandIn } from './stripe-stand-in.ts';
import { API_VERSION } from './stripe-stand-in/event.ts';

const secretKey = 'sk_test_standInStandInStandIn';

let standIn: StripeStandIn;
let stripe: Stripe;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  standIn = parts.use(await startStripeStandIn({ port: 0, secretKey }));
  stripe = client(standIn);
});
afterAll(async () => parts.disposeAsync());

function client(target: StripeStandIn, key = secretKey): Stripe {
  return new Stripe(key, { ...target.clientOptions, maxNetworkRetries: 0, telemetry: false });
}

const bundle: Stripe.Checkout.SessionCreateParams = {
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

const plan: Stripe.Checkout.SessionCreateParams = {
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

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
}

/** Presses a button of the payment page. */
async function press(session: Stripe.Checkout.Session, action: 'pay' | 'decline'): Promise<Response> {
  const body = new URLSearchParams({ action });
  return fetch(session.url ?? '', { method: 'POST', body, redirect: 'manual' });
}

/** A payment that was made. */
async function paidIntent(): Promise<string> {
  const session = await stripe.checkout.sessions.create(bundle);
  standIn.pay(session.id);
  const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(session.id);
  return typeof intent === 'string' ? intent : '';
}

test('the shapes are those of the version that the installed package pins', () => {
  expect(Stripe.API_VERSION).toBe(API_VERSION);
});

describe('a payment', () => {
  test('goes from an open session over the page to a session, a payment and a charge that are paid', async () => {
    const session = await stripe.checkout.sessions.create(bundle);
    expect(session).toMatchObject({
      object: 'checkout.session',
      mode: 'payment',
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 2_500,
      currency: 'usd',
      client_reference_id: 'inv_1',
      metadata: bundle.metadata,
      payment_intent: null,
      url: `${standIn.url}/pay/${session.id}`,
    });
    expect(session).not.toHaveProperty('line_items');
    expect(session).not.toHaveProperty('stand_in');

    const answer = await press(session, 'pay');

    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      `http://127.0.0.1:9/done?session=${session.id}`,
    ]);
    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent.latest_charge', 'line_items.data.price.product'],
    });
    expect(paid).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      customer_details: { email: 'payer@marvel.test' },
      payment_intent: {
        status: 'succeeded',
        amount_received: 2_500,
        metadata: { invoice: 'inv_1' },
        latest_charge: { paid: true, amount: 2_500, currency: 'usd', metadata: { invoice: 'inv_1' } },
      },
      line_items: {
        data: [{ amount_total: 2_500, quantity: 2, price: { product: { name: '10 GB <bundle> & more' } } }],
      },
    });
  });

  test('that is declined leaves the session open, and a second try with another card pays the same payment', async () => {
    const session = await stripe.checkout.sessions.create(bundle);
    const declined = await press(session, 'decline');
    expect([declined.status, await declined.text()]).toEqual([402, expect.stringContaining('Your card was declined')]);
    const tried = await stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent'] });
    expect(tried).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      payment_intent: { status: 'requires_payment_method', last_payment_error: { code: 'card_declined' } },
    });
    expect((await press(session, 'pay')).status).toBe(303);
    const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent'] });
    expect(paid.payment_intent).toMatchObject({
      id: (tried.payment_intent as Stripe.PaymentIntent).id,
      status: 'succeeded',
      last_payment_error: null,
    });
  });

  test('cannot be made twice', async () => {
    const session = await stripe.checkout.sessions.create(bundle);
    await press(session, 'pay');
    const again = await press(session, 'pay');
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('This has been paid')]);
    const charges = await stripe.charges.list({ limit: 100 });
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(session.id);
    expect(charges.data.filter((charge) => charge.payment_intent === intent)).toHaveLength(1);
    expect(standIn.pay(session.id)).toEqual({ ok: false, error: 'complete' });
  });
});

describe('the payment page', () => {
  test('shows what is bought and the price, and nothing of it as markup', async () => {
    const session = await stripe.checkout.sessions.create(bundle);
    const page = await fetch(session.url ?? '');
    const html = await page.text();
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html).toContain('$25.00');
    expect(html).toContain('10 GB &lt;bundle&gt; &amp; more');
    expect(html).not.toContain('<bundle>');
    expect(html).toContain('href="http://127.0.0.1:9/cancelled"');
  });

  test('says when the checkout has expired or never was', async () => {
    const session = await stripe.checkout.sessions.create(bundle);
    expect((await stripe.checkout.sessions.expire(session.id)).status).toBe('expired');
    expect(await (await fetch(session.url ?? '')).text()).toContain('This checkout has expired');
    expect((await press(session, 'pay')).status).toBe(409);
    expect((await fetch(`${standIn.url}/pay/cs_test_absent`)).status).toBe(404);
  });
});

describe('an error', () => {
  test('for a wrong key is an authentication error', async () => {
    expect(await failure(client(standIn, 'sk_test_wrong').charges.list())).toMatchObject({
      type: 'StripeAuthenticationError',
      statusCode: 401,
      requestId: expect.stringMatching(/^req_/) as unknown,
    });
    expect((await fetch(`${standIn.url}/v1/charges`)).status).toBe(401);
  });

  test.each([
    ['a missing parameter', { success_url: undefined }, 'parameter_missing', 'success_url'],
    ['an unknown parameter', { colour: 'red' }, 'parameter_unknown', 'colour'],
    ['an unknown mode', { mode: 'gift' }, undefined, 'mode'],
    [
      'a quantity that is no number',
      { line_items: [{ price: 'price_1', quantity: 'two' }] },
      'parameter_invalid',
      'line_items[0][quantity]',
    ],
    [
      'a price that is not there',
      { line_items: [{ price: 'price_1', quantity: 1 }] },
      'resource_missing',
      'line_items[0][price]',
    ],
    ['no item', { line_items: [] }, 'parameter_missing', 'line_items'],
    ['an address that is none', { success_url: 'done' }, 'parameter_invalid', 'success_url'],
    ['a life of a minute', { expires_at: Math.floor(Date.now() / 1_000) + 60 }, undefined, 'expires_at'],
    ['a recurring price in payment mode', { line_items: plan.line_items }, undefined, 'line_items[0]'],
  ])('for %s is an invalid request that names it', async (_, change, code, param) => {
    const params = { ...bundle, ...change } as Stripe.Checkout.SessionCreateParams;
    expect(await failure(stripe.checkout.sessions.create(params))).toMatchObject({
      type: 'StripeInvalidRequestError',
      statusCode: 400,
      code,
      param,
    });
  });

  test('for an id or an address that is not there is 404', async () => {
    expect(await failure(stripe.checkout.sessions.retrieve('cs_test_absent'))).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
      param: 'id',
    });
    expect(await failure(stripe.balance.retrieve())).toMatchObject({
      statusCode: 404,
      type: 'StripeInvalidRequestError',
    });
  });

  test('for a body that is too long is 413', async () => {
    const body = `metadata[a]=${'x'.repeat(300_000)}`;
    const answer = await fetch(`${standIn.url}/v1/customers`, { method: 'POST', body });
    expect(answer.status).toBe(413);
  });
});

describe('an idempotency key', () => {
  test('makes one session of many requests, and refuses other parameters', async () => {
    const options = { idempotencyKey: 'key-1' };
    const before = (await stripe.checkout.sessions.list({ limit: 100 })).data.length;
    const [first, ...others] = await Promise.all(
      Array.from({ length: 10 }, async () => stripe.checkout.sessions.create(bundle, options)),
    );
    expect(new Set([first, ...others].map((session) => session?.id)).size).toBe(1);
    expect((await stripe.checkout.sessions.list({ limit: 100 })).data.length).toBe(before + 1);
    expect(await failure(stripe.checkout.sessions.create(plan, options))).toMatchObject({
      type: 'StripeIdempotencyError',
      statusCode: 400,
    });
  });

  test('is free again when its parameters were wrong', async () => {
    const options = { idempotencyKey: 'key-2' };
    await failure(stripe.customers.create({ email: 'nonsense' }, options));
    expect(await stripe.customers.create({ email: 'a@marvel.test' }, options)).toMatchObject({
      email: 'a@marvel.test',
    });
  });
});

describe('lists', () => {
  test('page through everything once, newest first, and filter', async () => {
    const { id: customer } = await stripe.customers.create({ name: 'Lister' });
    const { customer_email: _, ...rest } = bundle;
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.unshift((await stripe.checkout.sessions.create({ ...rest, customer })).id);
    const first = await stripe.checkout.sessions.list({ customer, limit: 2 });
    expect([first.data.map(({ id }) => id), first.has_more]).toEqual([made.slice(0, 2), true]);
    const walked: string[] = [];
    for await (const session of stripe.checkout.sessions.list({ customer, limit: 2 })) walked.push(session.id);
    expect(walked).toEqual(made);
    const before = await stripe.checkout.sessions.list({ customer, limit: 2, ending_before: made[3] ?? '' });
    expect([before.data.map(({ id }) => id), before.has_more]).toEqual([made.slice(1, 3), true]);
    expect(await failure(stripe.charges.list({ starting_after: 'ch_absent' }))).toMatchObject({
      param: 'starting_after',
    });
    expect(await failure(stripe.charges.list({ limit: 101 }))).toMatchObject({ param: 'limit' });
  });

  test('events are there by type, time and id', async () => {
    const session = await stripe.checkout.sessions.create(bundle);
    standIn.pay(session.id);
    const types = ['checkout.session.completed', 'charge.succeeded'];
    const { data } = await stripe.events.list({ types, created: { gte: session.created }, limit: 2 });
    expect(data.map((event) => event.type)).toEqual(types);
    expect((await stripe.events.retrieve(data[0]?.id ?? '')).data.object).toMatchObject({
      id: session.id,
      metadata: bundle.metadata,
    });
  });
});

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

describe('subscriptions', () => {
  test('a paid subscription session makes a customer, a subscription and a paid invoice', async () => {
    const session = await stripe.checkout.sessions.create(plan);
    await press(session, 'pay');
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

describe('a restart', () => {
  test('with a state file knows the sessions of before; without its file it starts afresh; a broken file is named', async () => {
    const home = await mkdtemp(join(tmpdir(), 'marvel-stripe-test-'));
    const stateFile = join(home, 'stripe.json');
    let session: Stripe.Checkout.Session;
    {
      await using before = await startStripeStandIn({ port: 0, secretKey, stateFile });
      session = await client(before).checkout.sessions.create(bundle);
      before.pay((await client(before).checkout.sessions.create(bundle)).id);
    }
    {
      await using after = await startStripeStandIn({ port: 0, secretKey, stateFile });
      expect(await client(after).checkout.sessions.retrieve(session.id)).toEqual(session);
      expect(after.events()).toHaveLength(3);
      expect(after.pay(session.id).ok).toBe(true);
    }
    expect(await readFile(stateFile, 'utf8')).toContain(session.id);
    await writeFile(stateFile, '{}');
    await expect(startStripeStandIn({ port: 0, secretKey, stateFile })).rejects.toThrow(stateFile);
    await rm(home, { recursive: true });
  });

  test('when it is down, the package says that the connection failed', async () => {
    await standIn.stop();
    expect(await failure(stripe.charges.list())).toMatchObject({ type: 'StripeConnectionError' });
    await standIn.start();
    expect((await stripe.charges.list()).object).toBe('list');
  });
});
