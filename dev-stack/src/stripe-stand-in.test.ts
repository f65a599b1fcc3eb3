import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stripe } from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStripeStandIn, type StripeStandIn } from './stripe-stand-in.ts';
import { apiVersion } from './stripe-stand-in/event.ts';
import { bundle, client, failure, secretKey } from './stripe-stand-in/test-client.ts';

let standIn: StripeStandIn;
let stripe: Stripe;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  standIn = parts.use(await startStripeStandIn({ port: 0, secretKey }));
  stripe = client(standIn);
});
afterAll(async () => parts.disposeAsync());

/** Presses a button of the payment page. */
async function press(session: Stripe.Checkout.Session, action: 'pay' | 'decline'): Promise<Response> {
  const body = new URLSearchParams({ action });
  return fetch(session.url ?? '', { method: 'POST', body, redirect: 'manual' });
}

test('the shapes are those of the version that the installed package pins', () => {
  expect(Stripe.API_VERSION).toBe(apiVersion);
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
