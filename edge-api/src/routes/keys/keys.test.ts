import { CreatedKey, Key, KeyList } from '@marvel/shared/api/key';
import { readProxyKey } from '@marvel/shared/key-format';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge, type CallOptions, type SignedUp } from '../../../test-support/edge.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const someone = await edge.signUp();

async function make({ token }: SignedUp, body: unknown = {}, headers: CallOptions['headers'] = {}) {
  const reply = await edge.call('POST', '/v1/keys', { token, body, headers });
  expect(reply.status).toBe(201);
  return v.parse(CreatedKey, reply.json);
}

async function list({ token }: SignedUp) {
  return v.parse(KeyList, (await edge.call('GET', '/v1/keys', { token })).json);
}

describe('POST /v1/keys', () => {
  test('gives a key with a checksum that fits, once, and lists it by its prefix alone', async () => {
    const account = await edge.signUp();
    const limits = { bytes_per_day: 1000, countries: ['US'], hosts_allow: ['*.example.com'], paused: false };
    const made = await make(account, { label: 'crawler', limits });
    expect(readProxyKey(made.key)).toBe('live');
    expect(made).toMatchObject({ prefix: made.key.slice(0, 12), label: 'crawler', limits });
    const listed = await edge.call('GET', '/v1/keys', { token: account.token });
    expect(v.parse(KeyList, listed.json)).toMatchObject([
      { id: made.id, prefix: made.prefix, label: 'crawler', limits, last_used_at: null, revoked_at: null },
    ]);
    expect(listed.text).not.toContain(made.key);
  });

  test('takes no body at all, and makes a test key when asked', async () => {
    const account = await edge.signUp();
    const bare = await edge.call('POST', '/v1/keys', { token: account.token });
    expect(v.parse(CreatedKey, bare.json)).toMatchObject({ label: '', limits: {} });
    const forTests = await make(account, { mode: 'test' });
    expect([readProxyKey(forTests.key), forTests.mode]).toEqual(['test', 'test']);
    expect((await list(account)).map(({ mode }) => mode).toSorted()).toEqual(['live', 'test']);
  });

  test.each([
    [{ label: 'x'.repeat(101) }, 'label: must have at most 100 characters'],
    [{ label: 'a\u0000b' }, 'label: must not hold control characters'],
    [{ label: 'a\ud800b' }, 'label: must be well-formed Unicode'],
    [{ mode: 'demo' }, 'mode: must be one of ("live" | "test")'],
    [{ limits: 7 }, 'limits: must be an object'],
    [{ limits: [] }, 'limits: must be an object'],
    [{ 'a b': 1 }, 'has a field that is not known here'],
    [{ limits: { bytes_per_week: 1 } }, 'limits.bytes_per_week: is not known here'],
    [{ limits: { bytes_total: -1 } }, 'limits.bytes_total: must be at least 0'],
    [{ limits: { bytes_total: 1.5 } }, 'limits.bytes_total: must be an integer'],
    [{ limits: { bytes_total: 2 ** 53 } }, 'limits.bytes_total: must be at most 9007199254740991'],
    [{ limits: { threads: 0 } }, 'limits.threads: must be at least 1'],
    [{ limits: { countries: ['us'] } }, 'limits.countries.0: must be two upper-case letters'],
    [{ limits: { countries: [] } }, 'limits.countries: must not be empty'],
    [{ limits: { source_ips: ['10.0.0.256'] } }, 'limits.source_ips.0: must be an IPv4 or IPv6 address'],
    [{ limits: { hosts_deny: ['a b'] } }, 'limits.hosts_deny.0: must be a host name, an address, or *.domain'],
    [{ limits: { paused: 'yes' } }, 'limits.paused: must be a boolean'],
    [{ limits: { expires_at: '2020-01-01T00:00:00Z' } }, 'limits.expires_at: must be in the future'],
    [
      { limits: { expires_at: '2026-01-31T12:00:00+01:00' } },
      'limits.expires_at: must be an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z',
    ],
  ])('names the field of %o', async (body, message) => {
    expectFailure(await edge.call('POST', '/v1/keys', { token: someone.token, body }), 'invalid', message);
  });

  test('repeated with its Idempotency-Key, ten at once and later, makes one key and shows the same secret', async () => {
    const account = await edge.signUp();
    const headers = { 'Idempotency-Key': '5f0c2a1e-6f0a-4f7e-9b0c-5b0f8f6d2c11' };
    const made = await Promise.all(Array.from({ length: 10 }, async () => make(account, { label: 'once' }, headers)));
    expect(new Set(made.map(({ key }) => key)).size).toBe(1);
    expect((await make(account, { label: 'once' }, headers)).key).toBe(made[0]?.key);
    expect(await list(account)).toHaveLength(1);
    const other = await edge.call('POST', '/v1/keys', { token: account.token, body: { label: 'other' }, headers });
    expectFailure(other, 'conflict', 'Idempotency-Key was used with another body');
    expect(await make(await edge.signUp(), { label: 'once' }, headers)).not.toMatchObject({ key: made[0]?.key });
  });

  test('the secret of a key is nowhere in the database, nor the Idempotency-Key that would open it', async () => {
    const account = await edge.signUp();
    const idempotencyKey = 'a-key-of-mine-1234567890';
    const { key } = await make(account, {}, { 'Idempotency-Key': idempotencyKey });
    const rows = await edge.database.query<{ all: string }>(
      `select string_agg(t::text, ' ') as all from (
         select a::text from answer a union all select k::text from api_key k union all select f::text from feed_record f) t`,
    );
    expect(rows[0]?.all).toContain(account.accountId);
    expect(rows[0]?.all).not.toContain(key.slice(12));
    expect(rows[0]?.all).not.toContain(idempotencyKey);
  });

  test.each([[''], ['x'.repeat(256)], ['a b']])('refuses the Idempotency-Key "%s"', async (value) => {
    const options = { token: someone.token, body: {}, headers: { 'Idempotency-Key': value } };
    const reply = await edge.call('POST', '/v1/keys', options);
    expectFailure(reply, 'invalid', 'Idempotency-Key: must be 1 to 255 visible ASCII characters');
  });
});

describe('PATCH, rotate and DELETE of /v1/keys/{id}', () => {
  test('PATCH changes what is given and nothing else', async () => {
    const account = await edge.signUp();
    const { id } = await make(account, { label: 'a', limits: { threads: 5 } });
    const patch = async (body: unknown) => edge.call('PATCH', `/v1/keys/${id}`, { token: account.token, body });
    expect(v.parse(Key, (await patch({ label: 'b' })).json)).toMatchObject({ label: 'b', limits: { threads: 5 } });
    expect(v.parse(Key, (await patch({ limits: {} })).json)).toMatchObject({ label: 'b', limits: {} });
    expect(v.parse(Key, (await patch({})).json)).toMatchObject({ label: 'b', limits: {} });
    expectFailure(await patch({ limits: { threads: 'x' } }), 'invalid', 'limits.threads: must be a number');
  });

  test('rotate keeps id, label and limits, and gives another secret, once for an Idempotency-Key', async () => {
    const account = await edge.signUp();
    const { id, key } = await make(account, { label: 'a', limits: { threads: 5 }, mode: 'test' });
    const headers = { 'Idempotency-Key': 'rotate-1' };
    const rotate = async () => edge.call('POST', `/v1/keys/${id}/rotate`, { token: account.token, headers });
    const replies = await Promise.all([rotate(), rotate(), rotate()]);
    const rotated = replies.map(({ json }) => v.parse(CreatedKey, json));
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(rotated.map((one) => one.key)).size).toBe(1);
    expect(rotated[0]).toMatchObject({ id, label: 'a', limits: { threads: 5 } });
    expect(rotated[0]?.key).not.toBe(key);
    expect(readProxyKey(rotated[0]?.key ?? '')).toBe('test');
    expect((await list(account)).map(({ prefix }) => prefix)).toEqual([rotated[0]?.prefix]);
  });

  test('DELETE revokes, takes the key from the gateways, and leaves it in the list', async () => {
    const account = await edge.signUp();
    const { id } = await make(account);
    const reply = await edge.call('DELETE', `/v1/keys/${id}`, { token: account.token });
    expect([reply.status, reply.text]).toEqual([204, '']);
    expect((await list(account))[0]?.revoked_at).not.toBeNull();
    const records = await edge.database.query<{ tombstone: boolean }>(
      "select tombstone from feed_record where kind = 'key' and id = $1",
      [id],
    );
    expect(records).toEqual([{ tombstone: true }]);
  });

  test('revoked keys, however many and new, hide none that is good from the list', async () => {
    const account = await edge.signUp();
    const { id } = await make(account);
    await edge.database.query(
      `insert into api_key (id, account_id, digest, prefix, label, mode, created_at, revoked_at)
        select 'key_' || lpad(n::text, 20, '0'), $1, 'many_' || n, 'mk_live_0000', '', 'live', now() + interval '1 hour', now()
        from generate_series(1, 1100) n`,
      [account.accountId],
    );
    const listed = await list(account);
    expect([listed.length, listed[0]?.id, listed[0]?.revoked_at]).toEqual([1000, id, null]);
    expect(listed.filter(({ revoked_at: revokedAt }) => revokedAt !== null)).toHaveLength(999);
  });

  test('an absent, a revoked and another account’s key are answered alike', async () => {
    const account = await edge.signUp();
    const { id: othersId } = await make(await edge.signUp());
    const { id: revokedId } = await make(account);
    await edge.call('DELETE', `/v1/keys/${revokedId}`, { token: account.token });
    for (const id of ['key_00000000000000000000', othersId, revokedId, 'nonsense']) {
      const { token } = account;
      expectFailure(await edge.call('PATCH', `/v1/keys/${id}`, { token, body: { label: 'x' } }), 'not_found');
      expectFailure(await edge.call('POST', `/v1/keys/${id}/rotate`, { token }), 'not_found');
      expectFailure(await edge.call('DELETE', `/v1/keys/${id}`, { token }), 'not_found');
    }
  });
});
