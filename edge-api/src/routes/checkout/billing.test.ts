import { createHmac } from 'node:crypto';
import { BundleList, Checkout, Invoice, InvoiceList } from '@marvel/shared/api/billing';
import { startStripeStandIn } from '@marvel/dev-stack/stripe-stand-in';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { expectFailure, startEdge, type CallOptions, type SignedUp } from '../../../test-support/edge.ts';

const stripe = await startStripeStandIn({ port: 0, secretKey: 'sk_test_1' });
const edge = await startEdge({ stripeApiUrl: stripe.url });
const webhookUrl = new URL('/v1/webhooks/stripe', edge.url).href;
stripe.setWebhook({ url: webhookUrl, secret: edge.stripeWebhookSecret });
afterAll(async () => {
  await stripe[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
});

const bundle = { id: 'bnd_small', name: '5 GB', bytes: 5_000_000_000, price_cents: 1500, currency: 'usd' };

beforeAll(async () => {
  const { id, ...terms } = bundle;
  await edge.call('PUT', `/v1/operator/bundles/${id}`, { token: edge.operatorToken, body: terms });
});

async function buy({ token }: SignedUp, headers: CallOptions['headers'] = {}) {
  const reply = await edge.call('POST', '/v1/checkout', { token, body: { bundle_id: bundle.id }, headers });
  expect(reply.status).toBe(201);
  const { invoice_id: invoiceId, checkout_url: url } = v.parse(Checkout, reply.json);
  const [row] = await edge.database.query<{ session: string }>(
    'select stripe_checkout_id as session from invoice where id = $1',
    [invoiceId],
  );
  return { invoiceId, url, sessionId: row?.session ?? '' };
}

/** The header that Stripe would send with a body. */
function signed(body: string): string {
  const time = Math.floor(Date.now() / 1000);
  return `t=${time},v1=${createHmac('sha256', edge.stripeWebhookSecret).update(`${time}.${body}`).digest('hex')}`;
}

/** Pays a session; its events are told to nobody yet. Gives the newest event of each type. */
function payUntold(sessionId: string): ReadonlyMap<string, string> {
  stripe.holdDeliveries();
  expect(stripe.pay(sessionId).ok).toBe(true);
  const ids = new Map(stripe.heldEvents().map(({ type, id }) => [type as string, id]));
  return ids;
}

async function balance({ token }: SignedUp): Promise<number> {
  const reply = await edge.call('GET', '/v1/usage', { token });
  return v.parse(v.object({ balance_bytes: v.number() }), reply.json).balance_bytes;
}

async function invoice({ token }: SignedUp, id: string) {
  return v.parse(Invoice, (await edge.call('GET', `/v1/invoices/${id}`, { token })).json);
}

/** That the balance of every account is the sum of its entries, and that entries sum to zero. */
async function expectBooksInOrder(): Promise<void> {
  expect(await edge.database.query('select * from books_check()')).toEqual([]);
}

describe('GET /v1/bundles and POST /v1/checkout', () => {
  test('a bundle on sale is shown to everybody', async () => {
    const reply = await edge.call('GET', '/v1/bundles');
    expect(v.parse(BundleList, reply.json)).toEqual({ data: [bundle], next_cursor: null });
    expect(reply.headers.get('Cache-Control')).toBe('public, max-age=60');
  });

  test('checkout gives an open invoice and its payment page, and no bytes', async () => {
    const account = await edge.signUp();
    const { invoiceId, url, sessionId } = await buy(account);
    expect(url).toContain(sessionId);
    expect(await invoice(account, invoiceId)).toMatchObject({
      status: 'open',
      bundle_id: bundle.id,
      bytes: bundle.bytes,
      amount_cents: 1500,
      currency: 'usd',
      checkout_url: url,
      paid_at: null,
    });
    expect(await balance(account)).toBe(0);
  });

  test('repeated with its Idempotency-Key, at once and later, gives one invoice and one payment page', async () => {
    const account = await edge.signUp();
    const headers = { 'Idempotency-Key': 'buy-1' };
    const bought = await Promise.all([buy(account, headers), buy(account, headers), buy(account, headers)]);
    bought.push(await buy(account, headers));
    expect(new Set(bought.map(({ invoiceId, url }) => `${invoiceId} ${url}`)).size).toBe(1);
    const listed = await edge.call('GET', '/v1/invoices', { token: account.token });
    expect(v.parse(InvoiceList, listed.json).data).toHaveLength(1);
  });

  test('an Idempotency-Key that Stripe knows with other terms is a conflict, and not a fault', async () => {
    const account = await edge.signUp();
    const headers = { 'Idempotency-Key': 'buy-other-terms' };
    const { invoiceId } = await buy(account, headers);
    // As if the invoice had not been written after the payment page was made, and the bundle had changed since.
    await edge.database.query('delete from invoice where id = $1', [invoiceId]);
    await edge.database.query('delete from answer');
    await edge.database.query('update bundle set price_cents = price_cents + 1 where id = $1', [bundle.id]);
    const again = await edge.call('POST', '/v1/checkout', {
      token: account.token,
      body: { bundle_id: bundle.id },
      headers,
    });
    await edge.database.query('update bundle set price_cents = price_cents - 1 where id = $1', [bundle.id]);
    expectFailure(again, 'conflict', 'Idempotency-Key was used for other terms; send a new one');
  });

  test.each([
    [{}, 'bundle_id: is required'],
    [{ bundle_id: 'bnd_unknown' }, 'bundle_id: is not on sale'],
    [{ bundle_id: '1; drop table' }, 'bundle_id: must be an id'],
    [{ bundle_id: bundle.id, quantity: 2 }, 'quantity: is not known here'],
  ])('names the field of %o', async (body, message) => {
    const { token } = await edge.signUp();
    expectFailure(await edge.call('POST', '/v1/checkout', { token, body }), 'invalid', message);
  });

  test('Stripe away is 503 and leaves no invoice; the same request passes when it is back', async () => {
    const account = await edge.signUp();
    const headers = { 'Idempotency-Key': 'buy-while-away' };
    await stripe.stop();
    const options = { token: account.token, body: { bundle_id: bundle.id }, headers };
    const reply = await edge.call('POST', '/v1/checkout', options);
    await stripe.start();
    expectFailure(reply, 'unavailable', 'The payment provider is not available right now');
    const listed = await edge.call('GET', '/v1/invoices', { token: account.token });
    expect(v.parse(InvoiceList, listed.json).data).toEqual([]);
    await buy(account, headers);
  });
});

describe('POST /v1/webhooks/stripe', () => {
  test('the balance rises when the webhook lands and not before', async () => {
    const account = await edge.signUp();
    const { invoiceId, sessionId } = await buy(account);
    payUntold(sessionId);
    expect(await balance(account)).toBe(0);
    expect((await invoice(account, invoiceId)).status).toBe('open');
    await stripe.releaseDeliveries();
    expect(await balance(account)).toBe(bundle.bytes);
    const paid = await invoice(account, invoiceId);
    expect(paid).toMatchObject({ status: 'paid', checkout_url: null });
    expect(paid.paid_at).not.toBeNull();
    await expectBooksInOrder();
  });

  test('one event delivered fifty times at once credits once', async () => {
    const account = await edge.signUp();
    const { sessionId } = await buy(account);
    const completed = payUntold(sessionId).get('checkout.session.completed') ?? '';
    const statuses = await stripe.deliver(completed, { times: 50 });
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await balance(account)).toBe(bundle.bytes);
    await stripe.releaseDeliveries();
    expect(await balance(account)).toBe(bundle.bytes);
    await expectBooksInOrder();
  });

  test.each(['oldest-first', 'newest-first'] as const)('all events of a payment, %s, credit once', async (order) => {
    const account = await edge.signUp();
    const { sessionId } = await buy(account);
    payUntold(sessionId);
    await stripe.releaseDeliveries(order);
    expect(await balance(account)).toBe(bundle.bytes);
    await expectBooksInOrder();
  });

  test('a wrong secret, an old signature, none, and a changed body are 400 and change nothing', async () => {
    const account = await edge.signUp();
    const { sessionId } = await buy(account);
    const completed = payUntold(sessionId).get('checkout.session.completed') ?? '';
    const tenMinutesAgo = Math.floor(Date.now() / 1000) - 600;
    expect(await stripe.deliver(completed, { secret: 'whsec_other' })).toEqual([400]);
    expect(await stripe.deliver(completed, { signedAtSeconds: tenMinutesAgo })).toEqual([400]);
    const body = JSON.stringify(stripe.heldEvents().find(({ id }) => id === completed));
    for (const headers of [{}, { 'Stripe-Signature': 't=1,v1=00' }, { 'Stripe-Signature': 'x'.repeat(5000) }]) {
      expectFailure(await edge.call('POST', '/v1/webhooks/stripe', { body, headers }), 'signature_invalid');
    }
    expect(await balance(account)).toBe(0);
    await stripe.releaseDeliveries();
    expect(await balance(account)).toBe(bundle.bytes);
  });

  test('what is signed and cannot be read is 400, says why and where, and is taken once it can be', async () => {
    const account = await edge.signUp();
    const { sessionId } = await buy(account);
    const completed = payUntold(sessionId).get('checkout.session.completed') ?? '';
    const event = stripe.heldEvents().find(({ id }) => id === completed);
    const send = async (body: string) =>
      edge.call('POST', '/v1/webhooks/stripe', { body, headers: { 'Stripe-Signature': signed(body) } });
    const unknown = 'The body is not an event as it is known here';
    const cases = [
      ['{"id": "evt_1", ', 'The body is not JSON'],
      ['id=evt_1&type=charge.succeeded', 'The body is not JSON'],
      ['null', unknown],
      ['[]', `${unknown}: id`],
      ['{"object": "v2.core.event", "id": "evt_1", "type": "v1.x"}', `${unknown}: data`],
      [JSON.stringify({ ...event, data: {} }), `${unknown}: data.object`],
      [JSON.stringify({ ...event, data: { object: { id: 7 } } }), `${unknown}: data.object.id`],
    ] as const;
    for (const [body, message] of cases) expectFailure(await send(body), 'event_unreadable', message);
    expect(edge.logs()).toContain('stripe_event_unreadable');
    expect(await balance(account)).toBe(0);
    expect((await send(JSON.stringify(event))).status).toBe(200);
    expect(await balance(account)).toBe(bundle.bytes);
    await stripe.releaseDeliveries();
    expect(await balance(account)).toBe(bundle.bytes);
  });

  test('an event while the database is away is not taken, and credits when it is sent again', async () => {
    const account = await edge.signUp();
    const { sessionId } = await buy(account);
    const completed = payUntold(sessionId).get('checkout.session.completed') ?? '';
    await edge.database.front.stop();
    expect(await stripe.deliver(completed)).toEqual([503]);
    await edge.database.front.start();
    await stripe.releaseDeliveries();
    expect(await balance(account)).toBe(bundle.bytes);
  });

  test('a refund takes its share back, once, also when it is told before the payment', async () => {
    const account = await edge.signUp();
    const { sessionId } = await buy(account);
    const ids = payUntold(sessionId);
    const intent = stripe.heldEvents().find(({ id }) => id === ids.get('payment_intent.succeeded'))?.data.object;
    const reference = v.parse(v.object({ id: v.string() }), intent).id;
    expect(stripe.refund(reference, 500).ok).toBe(true);
    await stripe.releaseDeliveries('newest-first');
    expect(await balance(account)).toBe(bundle.bytes - Math.floor(bundle.bytes / 3));
    expect(stripe.refund(reference).ok).toBe(true);
    await stripe.deliveriesIdle();
    expect(await balance(account)).toBe(0);
    await expectBooksInOrder();
  });

  test('a dispute takes the bytes back, and a won one gives them again', async () => {
    const account = await edge.signUp();
    const { sessionId } = await buy(account);
    const ids = payUntold(sessionId);
    const intent = stripe.heldEvents().find(({ id }) => id === ids.get('payment_intent.succeeded'))?.data.object;
    await stripe.releaseDeliveries();
    const disputed = stripe.dispute(v.parse(v.object({ id: v.string() }), intent).id);
    if (!disputed.ok) throw new Error(disputed.error.message);
    await stripe.deliveriesIdle();
    expect(await balance(account)).toBe(0);
    expect(stripe.closeDispute(disputed.value.id, 'won').ok).toBe(true);
    await stripe.deliveriesIdle();
    expect(await balance(account)).toBe(bundle.bytes);
    await expectBooksInOrder();
  });

  test('a payment page that expired voids its invoice', async () => {
    const account = await edge.signUp();
    const { invoiceId, sessionId } = await buy(account);
    expect(stripe.expire(sessionId).ok).toBe(true);
    await stripe.deliveriesIdle();
    expect((await invoice(account, invoiceId)).status).toBe('void');
  });
});

describe('/v1/invoices', () => {
  test('are listed newest first, page by page', async () => {
    const account = await edge.signUp();
    const bought = [(await buy(account)).invoiceId, (await buy(account)).invoiceId, (await buy(account)).invoiceId];
    const page = async (query: string) =>
      v.parse(InvoiceList, (await edge.call('GET', `/v1/invoices?${query}`, { token: account.token })).json);
    const first = await page('limit=2');
    const second = await page(`limit=2&cursor=${first.next_cursor}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(bought.toReversed());
    expect(second.next_cursor).toBeNull();
    const whole = await page('limit=3');
    expect([whole.data.length, whole.next_cursor]).toEqual([3, null]);
  });

  test('a cursor of another account’s list shows one’s own invoices alone', async () => {
    const account = await edge.signUp();
    const own = await buy(account);
    const { token } = await edge.signUp();
    const stranger = { ...account, token };
    await buy(stranger);
    const theirs = await buy(stranger);
    const { next_cursor: cursor } = v.parse(
      InvoiceList,
      (await edge.call('GET', '/v1/invoices?limit=1', { token })).json,
    );
    const reply = await edge.call('GET', `/v1/invoices?cursor=${cursor}`, { token: account.token });
    const { data } = v.parse(InvoiceList, reply.json);
    expect(data.map(({ id }) => id)).toEqual([own.invoiceId]);
    expect(reply.text).not.toContain(theirs.invoiceId);
  });

  test.each([
    ['limit=0', 'limit: must be an integer from 1 to 100'],
    ['limit=101', 'limit: must be an integer from 1 to 100'],
  ])('?%s is refused', async (query, message) => {
    const { token } = await edge.signUp();
    expectFailure(await edge.call('GET', `/v1/invoices?${query}`, { token }), 'invalid', message);
  });

  test('an open invoice can be voided, once, and its payment page is closed; a paid one cannot', async () => {
    const account = await edge.signUp();
    const { token } = account;
    const { invoiceId, sessionId } = await buy(account);
    const voided = await edge.call('POST', `/v1/invoices/${invoiceId}/void`, { token });
    expect(v.parse(Invoice, voided.json)).toMatchObject({ id: invoiceId, status: 'void', checkout_url: null });
    await vi.waitUntil(
      () =>
        stripe.events().some(({ type, data }) => type === 'checkout.session.expired' && data.object.id === sessionId),
      { timeout: 20_000 },
    );
    expect(stripe.pay(sessionId).ok).toBe(false);
    const again = await edge.call('POST', `/v1/invoices/${invoiceId}/void`, { token });
    expectFailure(again, 'conflict', 'The invoice is not open');
    const paid = await buy(account);
    payUntold(paid.sessionId);
    await stripe.releaseDeliveries();
    const refused = await edge.call('POST', `/v1/invoices/${paid.invoiceId}/void`, { token });
    expectFailure(refused, 'conflict', 'The invoice is not open');
  });

  test('an absent and another account’s invoice are answered alike', async () => {
    const { invoiceId } = await buy(await edge.signUp());
    const { token } = await edge.signUp();
    for (const id of [invoiceId, 'inv_00000000000000000000']) {
      expectFailure(await edge.call('GET', `/v1/invoices/${id}`, { token }), 'not_found');
      expectFailure(await edge.call('POST', `/v1/invoices/${id}/void`, { token }), 'not_found');
    }
  });
});
