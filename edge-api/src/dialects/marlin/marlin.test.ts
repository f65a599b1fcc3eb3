import { startStripeStandIn } from '@marvel/dev-stack/stripe-stand-in';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApiKey } from '../../../test-support/api-key.ts';
import { startEdge, type CallOptions, type Reply, type SignedUp } from '../../../test-support/edge.ts';

const requestsAMinute = 60;
const stripe = await startStripeStandIn({ port: 0, secretKey: 'sk_test_1' });
const edge = await startEdge({ stripeApiUrl: stripe.url, rateLimits: { account: requestsAMinute } });
afterAll(async () => {
  await stripe[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
});

const api = '/dialects/marlin/api';
const terms = { name: 'Pro', bytes: 1_000_000_000, priceCents: 900, currency: 'usd', interval: 'month' };
const bundle = { name: '5 GB', bytes: 5_000_000_000, price_cents: 1500, currency: 'usd' };

beforeAll(async () => {
  await edge.call('PUT', '/v1/operator/bundles/bnd_small', { token: edge.operatorToken, body: bundle });
});

async function call(method: string, path: string, options: CallOptions = {}): Promise<Reply> {
  return edge.call(method, `${api}${path}`, options);
}

const WithId = v.looseObject({ id: v.string() });

async function make(token: string, path: string, body: object): Promise<string> {
  const reply = await call('POST', path, { token, body });
  expect([path, reply.status]).toEqual([path, 201]);
  return v.parse(WithId, reply.json).id;
}

/** An account with an API key, and a customer on a plan. */
async function merchant() {
  const account = await edge.signUp();
  const { api_key: key } = await makeApiKey(edge, account);
  const planId = await make(key, '/plans', terms);
  const post = async (path: string, body: object) =>
    v.parse(WithId, (await edge.call('POST', path, { token: account.token, body })).json).id;
  const subUserId = await post('/v1/sub-users', { username: `u_${Math.random().toString(36).slice(2)}` });
  const customerId = await post('/v1/customers', { name: 'Ann', sub_user_id: subUserId });
  return { account, key, planId, customerId };
}

async function openInvoice({ token }: SignedUp): Promise<string> {
  const reply = await edge.call('POST', '/v1/checkout', { token, body: { bundle_id: 'bnd_small' } });
  return v.parse(v.object({ invoice_id: v.string() }), reply.json).invoice_id;
}

describe('each error of Marlin’s documentation', () => {
  const absentInvoice = { code: 'INVOICE_NOT_FOUND', message: 'Not found' };
  const absent = { code: 'NOT_FOUND', message: 'Not found' };
  const rows: readonly [string, number, object, () => Promise<Reply>][] = [
    [
      'UNAUTHORIZED without a key',
      401,
      { code: 'UNAUTHORIZED', message: 'Missing or invalid credentials' },
      async () => call('GET', '/invoices'),
    ],
    [
      'UNAUTHORIZED for a revoked key',
      401,
      { code: 'UNAUTHORIZED', message: 'Missing or invalid credentials' },
      revoked,
    ],
    [
      'FORBIDDEN for a key that may only read',
      403,
      { code: 'FORBIDDEN', message: 'This API key may only read' },
      readOnly,
    ],
    [
      'FORBIDDEN for a key that would manage keys',
      403,
      { code: 'FORBIDDEN', message: 'An API key cannot manage API keys; sign in' },
      async () => call('POST', '/settings/api-keys', { token: (await merchant()).key, body: {} }),
    ],
    [
      'VALIDATION_ERROR for fields, each by itself',
      400,
      {
        code: 'VALIDATION_ERROR',
        message: 'bytes: must be at least 1',
        details: {
          issues: [
            { path: ['bytes'], message: 'must be at least 1' },
            { path: ['priceCents'], message: 'is required' },
          ],
        },
      },
      async () => {
        const { priceCents: _, ...body } = { ...terms, bytes: 0 };
        return call('POST', '/plans', { token: (await merchant()).key, body });
      },
    ],
    [
      'VALIDATION_ERROR for a query parameter',
      400,
      {
        code: 'VALIDATION_ERROR',
        message: 'limit: must be an integer from 1 to 100',
        details: { issues: [{ path: ['limit'], message: 'must be an integer from 1 to 100' }] },
      },
      async () => call('GET', '/invoices?limit=0', { token: (await merchant()).key }),
    ],
    ['INVOICE_NOT_FOUND for none', 404, absentInvoice, async () => getInvoice('inv_00000000000000000000')],
    [
      'INVOICE_NOT_FOUND for another merchant’s',
      404,
      absentInvoice,
      async () => getInvoice(await openInvoice(await edge.signUp())),
    ],
    [
      'INVOICE_NOT_OPEN for one that is void',
      400,
      { code: 'INVOICE_NOT_OPEN', message: 'The invoice is not open' },
      voidTwice,
    ],
    ['NOT_FOUND for a subscription', 404, absent, async () => pause('sbn_00000000000000000000')],
    ['NOT_FOUND for a plan', 404, absent, async () => begin({ planId: 'pln_00000000000000000000' })],
    ['NOT_FOUND for a customer', 404, absent, async () => begin({ customerId: 'cst_00000000000000000000' })],
    [
      'VALIDATION_ERROR for pausing an already-paused subscription',
      400,
      {
        code: 'VALIDATION_ERROR',
        message: 'Not possible for a subscription that is paused',
        details: { issues: [{ path: [], message: 'Not possible for a subscription that is paused' }] },
      },
      pauseTwice,
    ],
    ['INTERNAL', 500, { code: 'INTERNAL', message: 'Internal error' }, broken],
  ];

  test.each(rows)('%s', async (_, status, error, provoke) => {
    const reply = await provoke();
    expect([reply.status, reply.json]).toEqual([status, { error }]);
    expect(reply.headers.get('Content-Type')).toMatch(/^application\/json/);
    expect(reply.headers.get('X-RateLimit-Limit')).not.toBeNull();
    expect(reply.headers.get('WWW-Authenticate')).toBe(status === 401 ? 'Bearer realm="marvel"' : null);
  });

  test('429 says when the window resets', async () => {
    const { key } = await merchant();
    let reply = await call('GET', '/plans', { token: key });
    for (let more = 0; more < requestsAMinute; more += 1) reply = await call('GET', '/plans', { token: key });
    expect([reply.status, reply.json]).toMatchObject([429, { error: { code: 'RATE_LIMITED' } }]);
    const resetS = Number(reply.headers.get('X-RateLimit-Reset'));
    expect(resetS * 1000).toBeGreaterThan(Date.now() - 60_000);
    expect(reply.headers.get('X-RateLimit-Remaining')).toBe('0');
  });
});

async function revoked(): Promise<Reply> {
  const account = await edge.signUp();
  const made = await makeApiKey(edge, account);
  await edge.call('DELETE', `/v1/api-keys/${made.id}`, { token: account.token });
  return call('GET', '/plans', { token: made.api_key });
}

async function readOnly(): Promise<Reply> {
  const { api_key: token } = await makeApiKey(edge, await edge.signUp(), { access: 'read' });
  expect((await call('GET', '/plans', { token })).status).toBe(200);
  return call('POST', '/plans', { token, body: terms });
}

async function getInvoice(id: string): Promise<Reply> {
  return call('GET', `/invoices/${id}`, { token: (await merchant()).key });
}

async function voidTwice(): Promise<Reply> {
  const { account, key: token } = await merchant();
  const id = await openInvoice(account);
  const first = await call('POST', `/invoices/${id}/void`, { token });
  expect([first.status, first.json]).toMatchObject([200, { id, status: 'Void' }]);
  return call('POST', `/invoices/${id}/void`, { token });
}

async function pause(id: string): Promise<Reply> {
  return call('POST', `/subscriptions/${id}/pause`, { token: (await merchant()).key });
}

async function begin(other: object): Promise<Reply> {
  const { key: token, planId, customerId } = await merchant();
  return call('POST', '/subscriptions', { token, body: { planId, customerId, ...other } });
}

async function pauseTwice(): Promise<Reply> {
  const { key: token, planId, customerId } = await merchant();
  const id = await make(token, '/subscriptions', { planId, customerId });
  expect((await call('POST', `/subscriptions/${id}/pause`, { token })).status).toBe(200);
  return call('POST', `/subscriptions/${id}/pause`, { token });
}

async function broken(): Promise<Reply> {
  const { key: token } = await merchant();
  await edge.database.query('alter table plan rename column threads to threads_away');
  try {
    return await call('GET', '/plans', { token });
  } finally {
    await edge.database.query('alter table plan rename column threads_away to threads');
  }
}

describe('what goes well', () => {
  test('speaks camelCase and Marlin’s statuses, with a session as with an API key, and pages by cursor', async () => {
    const { account, key, planId, customerId } = await merchant();
    const second = await make(account.token, '/plans', { ...terms, intervalCount: 3 });
    const id = await make(key, '/subscriptions', { planId, customerId });
    const first = await call('GET', '/plans?owner=account&limit=1', { token: key });
    expect(first.json).toMatchObject({ data: [{ id: second, priceCents: 900, intervalCount: 3 }] });
    const { nextCursor: cursor } = v.parse(v.looseObject({ nextCursor: v.string() }), first.json);
    const next = await call('GET', `/plans?owner=account&limit=1&cursor=${cursor}`, { token: account.token });
    expect(next.json).toMatchObject({ data: [{ id: planId }], nextCursor: null });
    const shown = await call('GET', `/subscriptions/${id}`, { token: key });
    expect(shown.json).toMatchObject({ id, planId, customerId, status: 'Active', periodsBegun: 1 });
    expect(shown.text).not.toContain('_id"');
  });

  test('an invoice is bought, listed and shown, and paid on a page of ours', async () => {
    const { key: token } = await merchant();
    const bought = await call('POST', '/invoices', { token, body: { bundleId: 'bnd_small' } });
    expect(bought.status).toBe(201);
    const Bought = v.strictObject({ invoiceId: v.string(), checkoutUrl: v.pipe(v.string(), v.url()) });
    const { invoiceId: id } = v.parse(Bought, bought.json);
    const invoice = { id, status: 'Open', bundleId: 'bnd_small', amountCents: 1500, paidAt: null };
    expect((await call('GET', '/invoices', { token })).json).toMatchObject({ data: [invoice], nextCursor: null });
    expect((await call('GET', `/invoices/${id}`, { token })).json).toMatchObject(invoice);
  });

  test('a subscription is paused, resumed and cancelled, by its actions and by its status, and found by it', async () => {
    const { key: token, planId, customerId } = await merchant();
    const id = await make(token, '/subscriptions', { planId, customerId });
    const patch = async (status: string) => call('PATCH', `/subscriptions/${id}`, { token, body: { status } });
    expect((await patch('Paused')).json).toMatchObject({ status: 'Paused' });
    const again = await patch('Paused');
    expect([again.status, again.json]).toMatchObject([
      400,
      { error: { code: 'VALIDATION_ERROR', details: { issues: [{ path: ['status'] }] } } },
    ]);
    const listed = await call('GET', `/subscriptions?status=Paused&planId=${planId}`, { token });
    expect(listed.json).toMatchObject({ data: [{ id }] });
    expect((await call('GET', '/subscriptions?status=Active', { token })).json).toEqual({ data: [], nextCursor: null });
    expect((await call('POST', `/subscriptions/${id}/resume`, { token })).json).toMatchObject({ status: 'Active' });
    const ending = await call('POST', `/subscriptions/${id}/cancel`, { token, body: { atPeriodEnd: true } });
    expect(ending.json).toMatchObject({ status: 'Active', cancelAtPeriodEnd: true });
    expect((await patch('Cancelled')).json).toMatchObject({ status: 'Cancelled' });
  });

  test('an Idempotency-Key makes one plan', async () => {
    const { key: token } = await merchant();
    const headers = { 'Idempotency-Key': 'plan-1' };
    const post = async () => call('POST', '/plans', { token, body: terms, headers });
    const replies = [await post(), await post()];
    expect(replies.map(({ status }) => status)).toEqual([201, 201]);
    expect(replies[0]?.text).toBe(replies[1]?.text);
  });

  test('an account manages its API keys with a session', async () => {
    const { token } = await edge.signUp();
    const made = await call('POST', '/settings/api-keys', { token, body: { label: 'ci', access: 'read' } });
    const { apiKey, id } = v.parse(v.looseObject({ apiKey: v.string(), id: v.string() }), made.json);
    const listed = await call('GET', '/settings/api-keys', { token: apiKey });
    expect(listed.json).toMatchObject({
      data: [{ id, label: 'ci', access: 'read', expiresAt: null }],
      nextCursor: null,
    });
    expect(listed.text).not.toContain(apiKey);
    expect((await call('DELETE', `/settings/api-keys/${id}`, { token })).status).toBe(204);
    expect((await call('GET', '/settings/api-keys', { token: apiKey })).status).toBe(401);
  });

  test('a field spelled as /v1 spells it is not known here', async () => {
    const { key: token, planId, customerId } = await merchant();
    const reply = await call('POST', '/subscriptions', { token, body: { plan_id: planId, customerId } });
    expect([reply.status, reply.json]).toMatchObject([400, { error: { code: 'VALIDATION_ERROR' } }]);
  });
});
