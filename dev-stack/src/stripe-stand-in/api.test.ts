import type { Stripe } from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStripeStandIn, type StripeStandIn } from '../stripe-stand-in.ts';
import { bundle, client, failure, plan, secretKey } from './test-client.ts';

let standIn: StripeStandIn;
let stripe: Stripe;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  standIn = parts.use(await startStripeStandIn({ port: 0, secretKey }));
  stripe = client(standIn);
});
afterAll(async () => parts.disposeAsync());

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
