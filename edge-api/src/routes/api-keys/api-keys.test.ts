import { ApiKeyList, CreatedApiKey } from '@marvel/shared/api/api-key';
import { isApiKey, readProxyKey } from '@marvel/shared/key-format';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { makeApiKey } from '../../../test-support/api-key.ts';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const someone = await edge.signUp();

async function list({ token }: SignedUp) {
  const reply = await edge.call('GET', '/v1/api-keys', { token });
  return { text: reply.text, data: v.parse(ApiKeyList, reply.json).data };
}

/** What a mount says to a key: the one with the simplest door. */
async function knock(key: string): Promise<number> {
  const path = '/dialects/mashvisor/v1.1/client/keys';
  return (await edge.call('GET', path, { headers: { 'x-api-key': key } })).status;
}

describe('POST /v1/api-keys', () => {
  test('gives a key that cannot be taken for a proxy key, once, and lists it by its prefix alone', async () => {
    const account = await edge.signUp();
    const made = await makeApiKey(edge, account, { label: 'panel', access: 'read' });
    expect(isApiKey(made.api_key)).toBe(true);
    expect(readProxyKey(made.api_key)).toBeUndefined();
    const { text, data } = await list(account);
    expect(data).toMatchObject([
      { id: made.id, prefix: made.api_key.slice(0, 12), label: 'panel', access: 'read', last_used_at: null },
    ]);
    expect(text).not.toContain(made.api_key);
  });

  test('takes no body at all: a key for everything, without an end', async () => {
    const reply = await edge.call('POST', '/v1/api-keys', { token: someone.token });
    expect(v.parse(CreatedApiKey, reply.json)).toMatchObject({ label: '', access: 'full', expires_at: null });
  });

  test('repeated with its Idempotency-Key makes one key and shows the same secret', async () => {
    const account = await edge.signUp();
    const headers = { 'Idempotency-Key': 'one-key' };
    const post = async () => edge.call('POST', '/v1/api-keys', { token: account.token, body: {}, headers });
    const replies = await Promise.all([post(), post(), post()]);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect((await list(account)).data).toHaveLength(1);
  });

  test.each([
    [{ label: 'x'.repeat(101) }, 'label: must have at most 100 characters'],
    [{ access: 'write' }, 'access: must be one of ("read" | "full")'],
    [{ expires_at: 'tomorrow' }, 'expires_at: must be an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z'],
    [{ expires_at: '2020-01-01T00:00:00Z' }, 'expires_at: must be in the future'],
  ])('names the field of %o', async (body, message) => {
    expectFailure(await edge.call('POST', '/v1/api-keys', { token: someone.token, body }), 'invalid', message);
  });

  test('an account has a hundred of them and no more, however many are asked for at once', async () => {
    const account = await edge.signUp();
    await edge.database.query(
      `insert into account_key (id, account_id, digest, prefix, label, access)
       select 'ak_' || n || $1, $1, n || $1, 'ma_live_1234', '', 'read' from generate_series(1, 99) n`,
      [account.accountId],
    );
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => edge.call('POST', '/v1/api-keys', { token: account.token })),
    );
    const [made, ...refused] = replies.toSorted((a, b) => a.status - b.status);
    expect(made?.status).toBe(201);
    for (const reply of refused) expectFailure(reply, 'conflict', 'An account has at most 100 API keys');
  });

  test('its secret is nowhere in the database', async () => {
    const { api_key: key } = await makeApiKey(edge, someone);
    const rows = await edge.database.query<{ all: string }>(
      `select string_agg(k::text, ' ') as all from account_key k`,
    );
    expect(rows[0]?.all).toContain(someone.accountId);
    expect(rows[0]?.all).not.toContain(key.slice(12));
  });
});

describe('an API key', () => {
  test('opens a mount from its making to its revoking, and says when it was used', async () => {
    const account = await edge.signUp();
    const made = await makeApiKey(edge, account);
    expect(await knock(made.api_key)).toBe(200);
    await expect.poll(async () => (await list(account)).data[0]?.last_used_at).not.toBeNull();
    const { token } = account;
    expect((await edge.call('DELETE', `/v1/api-keys/${made.id}`, { token })).status).toBe(204);
    expect(await knock(made.api_key)).toBe(401);
    expect((await list(account)).data).toEqual([]);
  });

  test('is refused when it has expired', async () => {
    const { id, api_key: key } = await makeApiKey(edge, someone, { expires_at: '2100-01-01T00:00:00Z' });
    expect(await knock(key)).toBe(200);
    await edge.database.query('update account_key set expires_at = now() where id = $1', [id]);
    expect(await knock(key)).toBe(401);
  });

  test('does not open /v1, so that it makes no keys and changes no password', async () => {
    const { api_key: token } = await makeApiKey(edge, someone);
    expectFailure(await edge.call('POST', '/v1/api-keys', { token }), 'unauthenticated');
    expectFailure(await edge.call('GET', '/v1/me', { token }), 'unauthenticated');
  });

  test('of a suspended account is told so', async () => {
    const account = await edge.signUp();
    const { api_key: key } = await makeApiKey(edge, account);
    await edge.database.query("update account set status = 'suspended' where id = $1", [account.accountId]);
    expect(await knock(key)).toBe(403);
  });

  test('of another account, and an absent one, can be revoked by nobody', async () => {
    const { id } = await makeApiKey(edge, await edge.signUp());
    for (const path of [id, 'ak_00000000000000000000', 'nonsense']) {
      expectFailure(await edge.call('DELETE', `/v1/api-keys/${path}`, { token: someone.token }), 'not_found');
    }
  });
});

describe('what is no API key', () => {
  test('is refused at a mount: a proxy key, a session, a typo, the operator', async () => {
    const reply = await edge.call('POST', '/v1/keys', { token: someone.token });
    const { key } = v.parse(v.object({ key: v.string() }), reply.json);
    const { api_key: good } = await makeApiKey(edge, someone);
    const typo = good.slice(0, -1) + (good.endsWith('0') ? '1' : '0');
    for (const wrong of [key, someone.token, typo, edge.operatorToken, 'x']) expect(await knock(wrong)).toBe(401);
    expect(await knock(good)).toBe(200);
  });
});
