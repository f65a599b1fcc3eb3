import {
  CreatedWebhookEndpoint,
  maxWebhookEndpoints,
  RotatedWebhookEndpoint,
  WebhookEndpoint,
  WebhookEndpointList,
} from '@marvel/shared/api/webhook';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { type CallOptions, expectFailure, type SignedUp, startEdge } from '../../../test-support/edge.ts';

const edge = await startEdge({
  dashboardOrigin: 'https://dash.example',
  vars: { DIALECT_HOSTS: 'mesh.example=proxymesh', GATEWAY_DOORS: 'proxymesh=fo.example:31280' },
});
afterAll(async () => edge[Symbol.asyncDispose]());
const url = 'https://hooks.example.com/marvel?from=here';
const path = '/v1/webhook-endpoints';

async function make({ token }: SignedUp, body: unknown = { url }, headers: CallOptions['headers'] = {}) {
  const reply = await edge.call('POST', path, { token, body, headers });
  expect(reply.status).toBe(201);
  return v.parse(CreatedWebhookEndpoint, reply.json);
}

async function list({ token }: SignedUp) {
  return v.parse(WebhookEndpointList, (await edge.call('GET', path, { token })).json).data;
}

describe('POST /v1/webhook-endpoints', () => {
  test('makes an endpoint whose secret is shown once and is nowhere in the database', async () => {
    const account = await edge.signUp();
    const { secret, ...shown } = await make(account, { url, events: ['invoice.paid'], description: 'books' });
    expect(shown).toMatchObject({ url, events: ['invoice.paid'], description: 'books', status: 'enabled' });
    expect(await list(account)).toEqual([shown]);
    const rows = await edge.database.query('select * from webhook_endpoint where id = $1', [shown.id]);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6));
    expect(await make(account)).toMatchObject({ events: null, description: '' });
  });

  test('makes one for one Idempotency-Key, and gives the same secret to its repeat', async () => {
    const account = await edge.signUp();
    const made = await Promise.all(
      Array.from({ length: 4 }, async () => make(account, { url }, { 'Idempotency-Key': 'once' })),
    );
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(1);
    expect(await list(account)).toHaveLength(1);
  });

  test.each([
    [{}, 'url: is required'],
    [{ url: 7 }, 'url: must be a string'],
    [{ url: 'not a url' }, 'url: must be a URL'],
    [{ url: 'http://hooks.example.com/' }, 'url: must be an https URL'],
    [{ url: 'ftp://hooks.example.com/' }, 'url: must be an https URL'],
    [{ url: 'https://user:password@hooks.example.com/' }, 'url: must not hold credentials'],
    [{ url: 'https://hooks.example.com/#there' }, 'url: must not have a fragment'],
    [{ url: 'https://hooks.example.com:25/' }, 'url: must not have that port'],
    [{ url: 'https://api.example/v1/keys' }, 'url: must not be a host of Marvel itself'],
    [{ url: 'https://Mesh.example./api/ip/add' }, 'url: must not be a host of Marvel itself'],
    [{ url: 'https://dash.example:8443/' }, 'url: must not be a host of Marvel itself'],
    [{ url: 'https://gateway.example/' }, 'url: must not be a host of Marvel itself'],
    [{ url: 'https://fo.example/' }, 'url: must not be a host of Marvel itself'],
    [{ url: 'https://10.0.0.1/' }, 'url: must be a public host'],
    [{ url: 'https://169.254.169.254/latest' }, 'url: must be a public host'],
    [{ url: 'https://167772161/' }, 'url: must be a public host'],
    [{ url: 'https://[::ffff:10.0.0.1]/' }, 'url: must be a public host'],
    [{ url: 'https://[fd00::1]/' }, 'url: must be a public host'],
    [{ url: 'https://metadata.google.internal/' }, 'url: must be a public host'],
    [{ url: 'https://printer.local/' }, 'url: must be a public host'],
    [{ url, events: [] }, 'events: must not be empty'],
    [{ url, events: ['invoice.paid', 'invoice.paid'] }, 'events: must name each event once'],
    [{ url, description: 'x'.repeat(201) }, 'description: must have at most 200 characters'],
  ])('refuses %j', async (body, message) => {
    const { token } = await edge.signUp();
    expectFailure(await edge.call('POST', path, { token, body }), 'invalid', message);
  });

  test('of many at once makes no more than an account may have', async () => {
    const { token } = await edge.signUp();
    const replies = await Promise.all(
      Array.from({ length: maxWebhookEndpoints + 4 }, async () => edge.call('POST', path, { token, body: { url } })),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(maxWebhookEndpoints);
    for (const reply of replies.filter(({ status }) => status !== 201)) {
      expectFailure(reply, 'conflict', 'An account can have at most 20 webhook endpoints');
    }
  });
});

describe('an endpoint', () => {
  test('changes what is given, and is turned off and on by its owner', async () => {
    const account = await edge.signUp();
    const { id, secret: _secret, ...before } = await make(account, { url, events: ['invoice.paid'] });
    const change = async (body: unknown) => {
      const reply = await edge.call('PATCH', `${path}/${id}`, { token: account.token, body });
      expect(reply.status).toBe(200);
      return v.parse(WebhookEndpoint, reply.json);
    };
    expect(await change({})).toEqual({ id, ...before });
    expect(await change({ events: null })).toEqual({ id, ...before, events: null });
    const off = await change({ enabled: false, description: 'off' });
    expect(off).toMatchObject({ status: 'disabled', disabled_reason: 'owner', description: 'off' });
    expect(await change({ enabled: false })).toEqual(off);
    expect(await change({ enabled: true })).toMatchObject({ status: 'enabled', disabled_reason: null });
    const reply = await edge.call('PATCH', `${path}/${id}`, {
      token: account.token,
      body: { url: 'https://10.0.0.1' },
    });
    expectFailure(reply, 'invalid', 'url: must be a public host');
  });

  test('gets another secret, the old one good for a day', async () => {
    const account = await edge.signUp();
    const { id, secret } = await make(account);
    const reply = await edge.call('POST', `${path}/${id}/rotate`, { token: account.token });
    expect(reply.status).toBe(201);
    const rotated = v.parse(RotatedWebhookEndpoint, reply.json);
    expect(rotated.secret).not.toBe(secret);
    expect(Date.parse(rotated.previous_secret_expires_at) - Date.now()).toBeGreaterThan(86_000_000);
  });

  test('is gone once deleted, and nobody else ever sees it', async () => {
    const [owner, stranger] = [await edge.signUp(), await edge.signUp()];
    const { id } = await make(owner);
    const foreign = { token: stranger.token };
    expectFailure(await edge.call('PATCH', `${path}/${id}`, { ...foreign, body: { enabled: false } }), 'not_found');
    expectFailure(await edge.call('POST', `${path}/${id}/rotate`, foreign), 'not_found');
    expectFailure(await edge.call('DELETE', `${path}/${id}`, foreign), 'not_found');
    expect(await list(stranger)).toEqual([]);
    expect((await edge.call('DELETE', `${path}/${id}`, { token: owner.token })).status).toBe(204);
    expectFailure(await edge.call('DELETE', `${path}/${id}`, { token: owner.token }), 'not_found');
    expect(await list(owner)).toEqual([]);
  });
});

describe('PATCH /v1/me', () => {
  test('sets the balances to be told of, each once, highest first', async () => {
    const { token } = await edge.signUp();
    expect((await edge.call('GET', '/v1/me', { token })).json).toMatchObject({ low_balance_bytes: [1_000_000_000, 0] });
    const set = await edge.call('PATCH', '/v1/me', { token, body: { low_balance_bytes: [5, 2 ** 52, 100] } });
    expect(set.json).toMatchObject({ low_balance_bytes: [2 ** 52, 100, 5] });
    expect((await edge.call('GET', '/v1/me', { token })).json).toEqual(set.json);
    const none = await edge.call('PATCH', '/v1/me', { token, body: { low_balance_bytes: [] } });
    expect(none.json).toMatchObject({ low_balance_bytes: [] });
    for (const [body, message] of [
      [{ low_balance_bytes: [1, 1] }, 'low_balance_bytes: must name each balance once'],
      [{ low_balance_bytes: [-1] }, 'low_balance_bytes.0: must be at least 0'],
      [{ password: 'long enough for it' }, 'current_password: is required'],
    ] as const) {
      expectFailure(await edge.call('PATCH', '/v1/me', { token, body }), 'invalid', message);
    }
  });
});
