import { AuthorizedSource, AuthorizedSourceList } from '@marvel/shared/api/authorized-source';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';
import { startNameService } from '../../../test-support/name-service.ts';

const names = await startNameService();
const edge = await startEdge({ dohUrl: names.url });
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
  await names[Symbol.asyncDispose]();
});
const someone = await edge.signUp();

async function post({ token }: SignedUp, body: unknown, headers = {}) {
  return edge.call('POST', '/v1/authorized-sources', { token, body, headers });
}

async function make(account: SignedUp, body: unknown) {
  const reply = await post(account, body);
  expect(reply.status).toBe(201);
  return v.parse(AuthorizedSource, reply.json);
}

async function list({ token }: SignedUp, query = '') {
  const reply = await edge.call('GET', `/v1/authorized-sources${query}`, { token });
  return v.parse(AuthorizedSourceList, reply.json);
}

/** The addresses of a source as gateways are told of them; `undefined` once it is gone. */
async function inFeed(id: string): Promise<unknown> {
  const [row] = await edge.database.query<{ body: { addresses?: unknown } }>(
    `select body from feed_record where id = $1 and kind = 'authorized_source' and not tombstone`,
    [id],
  );
  return row?.body.addresses;
}

/** Runs the job as if a minute, and so many more, had passed since the last look-ups. */
async function later(minutes = 0): Promise<void> {
  await edge.database.query(
    `update authorized_source set looked_up_at = looked_up_at - interval '1 minute' - $1 * interval '1 minute',
       resolved_at = resolved_at - $1 * interval '1 minute' where source = 'hostname'`,
    [minutes],
  );
  await edge.runScheduled();
}

describe('an address', () => {
  test('is authorised in one spelling, and gateways are told', async () => {
    const account = await edge.signUp();
    const made = await make(account, { kind: 'ip', value: '2606:4700:0:0::1111' });
    expect(made).toMatchObject({ kind: 'ip', value: '2606:4700::1111', sub_user: null, resolved_at: null });
    expect(await inFeed(made.id)).toEqual(['2606:4700::1111']);
    expect((await list(account)).data).toEqual([made]);
  });

  test('belongs to one source of the fleet, until that is deleted', async () => {
    const account = await edge.signUp();
    const other = await edge.signUp();
    const { id } = await make(account, { kind: 'ip', value: '8.8.4.4' });
    for (const each of [account, other]) {
      expectFailure(await post(each, { kind: 'ip', value: '8.8.4.4' }), 'conflict', 'value: is authorised already');
    }
    expect((await edge.call('DELETE', `/v1/authorized-sources/${id}`, { token: account.token })).status).toBe(204);
    expect(await inFeed(id)).toBeUndefined();
    expect((await list(account)).data).toEqual([]);
    await make(other, { kind: 'ip', value: '8.8.4.4' });
  });

  test('of twenty at once one is authorised', async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, async () => post(someone, { kind: 'ip', value: '9.9.9.9' })),
    );
    const statuses = replies.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  });

  test('that is not public is refused, unless the fleet serves it as a destination', async () => {
    const loopback = { kind: 'ip', value: '127.0.0.1' };
    expectFailure(await post(someone, loopback), 'invalid', 'value: must be a public address');
    const policy = { ports: [80], allow: [{ host: '127.0.0.1', port: 8080 }], own_addresses: ['1.1.1.1'] };
    const token = edge.operatorToken;
    expect((await edge.call('PUT', '/v1/operator/fleet', { token, body: { policy } })).status).toBe(200);
    await make(someone, loopback);
    expectFailure(await post(someone, { kind: 'ip', value: '1.1.1.1' }), 'invalid', 'value: must be a public address');
  });

  test('may stand for a sub-user of the account, and goes with it', async () => {
    const { token } = someone;
    const body = { username: 'has_source' };
    const subUser = v.parse(
      v.object({ id: v.string() }),
      (await edge.call('POST', '/v1/sub-users', { token, body })).json,
    ).id;
    const made = await make(someone, { kind: 'ip', value: '8.8.8.8', sub_user: subUser });
    expect(made.sub_user).toBe(subUser);
    const foreign = await post(await edge.signUp(), { kind: 'ip', value: '8.8.8.9', sub_user: subUser });
    expectFailure(foreign, 'invalid', 'sub_user: is not one of yours');
    expect((await edge.call('DELETE', `/v1/sub-users/${subUser}`, { token })).status).toBe(204);
    expect(await inFeed(made.id)).toBeUndefined();
    await make(someone, { kind: 'ip', value: '8.8.8.8' });
  });
});

describe('a host name', () => {
  test('stands for what it resolves to, and follows it', async () => {
    const account = await edge.signUp();
    names.set('follows.example.com', ['192.0.2.7', '10.0.0.1', '4.4.4.4', '2606:4700::2']);
    const made = await make(account, { kind: 'hostname', value: 'Follows.Example.com.' });
    expect(made).toMatchObject({ value: 'follows.example.com', addresses: ['2606:4700::2', '4.4.4.4'] });
    expect(await inFeed(made.id)).toEqual(['2606:4700::2', '4.4.4.4']);
    names.set('follows.example.com', ['4.4.4.5']);
    await later();
    expect(await inFeed(made.id)).toEqual(['4.4.4.5']);
    names.set('follows.example.com', []);
    await later();
    expect(await inFeed(made.id)).toEqual([]);
  });

  test('that cannot be looked up keeps its last addresses for an hour', async () => {
    const account = await edge.signUp();
    names.set('ages.example.com', ['5.5.5.5']);
    const { id } = await make(account, { kind: 'hostname', value: 'ages.example.com' });
    names.set('ages.example.com', undefined);
    await later(58);
    expect(await inFeed(id)).toEqual(['5.5.5.5']);
    await later(2);
    expect(await inFeed(id)).toEqual([]);
    await make(account, { kind: 'ip', value: '5.5.5.5' });
    names.set('ages.example.com', ['5.5.5.6']);
    await later();
    expect(await inFeed(id)).toEqual(['5.5.5.6']);
  });

  test('that does not resolve yet is taken, and never gets an address that another source has', async () => {
    const account = await edge.signUp();
    const { id, addresses, resolved_at } = await make(account, { kind: 'hostname', value: 'late.example.com' });
    expect([addresses, resolved_at === null]).toEqual([[], false]);
    await make(await edge.signUp(), { kind: 'ip', value: '6.6.6.6' });
    names.set('late.example.com', ['6.6.6.6', '6.6.6.7']);
    await later();
    expect(await inFeed(id)).toEqual(['6.6.6.7']);
    names.set('other.example.com', ['6.6.6.7']);
    expectFailure(
      await post(account, { kind: 'hostname', value: 'other.example.com' }),
      'conflict',
      'value: is authorised already',
    );
  });
});

test('an equal request with its Idempotency-Key is answered as the first', async () => {
  const headers = { 'Idempotency-Key': 'source-1' };
  const replies = await Promise.all(
    Array.from({ length: 3 }, async () => post(someone, { kind: 'ip', value: '7.7.7.7' }, headers)),
  );
  expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(replies[0]?.status).toBe(201);
});

test('pages hold each source once', async () => {
  const account = await edge.signUp();
  for (const value of ['3.3.3.1', '3.3.3.2', '3.3.3.3']) await make(account, { kind: 'ip', value });
  const first = await list(account, '?limit=2');
  const second = await list(account, `?limit=2&cursor=${first.next_cursor}`);
  expect([...first.data, ...second.data].map(({ value }) => value)).toEqual(['3.3.3.3', '3.3.3.2', '3.3.3.1']);
  expect(second.next_cursor).toBeNull();
});

test('another account’s source is answered as an absent one, and is not listed', async () => {
  const other = await edge.signUp();
  const { id } = await make(someone, { kind: 'ip', value: '3.3.4.4' });
  for (const each of [id, 'src_00000000000000000000']) {
    expectFailure(await edge.call('DELETE', `/v1/authorized-sources/${each}`, { token: other.token }), 'not_found');
  }
  expect((await list(other)).data).toEqual([]);
  await make(someone, { kind: 'ip', value: '3.3.4.5' });
  const { next_cursor: cursor } = await list(someone, '?limit=1');
  expect((await list(other, `?cursor=${cursor}`)).data).toEqual([]);
  expect(await inFeed(id)).toEqual(['3.3.4.4']);
});

test.each([
  [{}, 'kind: is required'],
  [{ kind: 'ip' }, 'value: is required'],
  [{ kind: 'ip', value: 'example.com' }, 'value: must be an IPv4 or IPv6 address'],
  [{ kind: 'ip', value: '010.0.0.1' }, 'value: must be an IPv4 or IPv6 address'],
  [{ kind: 'ip', value: '10.0.0.1' }, 'value: must be a public address'],
  [{ kind: 'ip', value: '::ffff:8.8.8.8' }, 'value: must be a public address'],
  [{ kind: 'ip', value: '169.254.169.254' }, 'value: must be a public address'],
  [{ kind: 'hostname', value: '8.8.8.8' }, 'value: must be a public host name'],
  [{ kind: 'hostname', value: 'localhost' }, 'value: must be a public host name'],
  [{ kind: 'hostname', value: 'metadata.google.internal' }, 'value: must be a public host name'],
  [{ kind: 'hostname', value: 'exa mple.com' }, 'value: must not hold control characters or spaces'],
  [{ kind: 'ip', value: '8.8.8.1', sub_user: 'su_00000000000000000000' }, 'sub_user: is not one of yours'],
])('POST names the field of %o', async (body, message) => {
  expectFailure(await post(someone, body), 'invalid', message);
});
