import { AuthorizedSourceList } from '@marvel/shared/api/authorized-source';
import { SubUserList } from '@marvel/shared/api/sub-user';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { makeApiKey } from '../../../test-support/api-key.ts';
import { startEdge, type Reply, type SignedUp } from '../../../test-support/edge.ts';
import { startNameService } from '../../../test-support/name-service.ts';

const names = await startNameService();
const edge = await startEdge({ dohUrl: names.url });
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
  await names[Symbol.asyncDispose]();
});
const api = '/dialects/proxymesh/api';
const gb = 1_000_000_000;

interface Client extends SignedUp {
  readonly key: string;
}

async function newClient(bytes = gb): Promise<Client> {
  const account = await edge.signUp(bytes);
  return { ...account, key: (await makeApiKey(edge, account)).api_key };
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

interface Asked {
  readonly method?: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly authorization?: string | undefined;
  readonly from?: string;
}

async function ask(path: string, { method, form, authorization, from }: Asked): Promise<Reply> {
  return edge.call(method ?? (form === undefined ? 'GET' : 'POST'), `${api}${path}`, {
    ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
    headers: {
      ...(form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }),
      ...(authorization === undefined ? {} : { Authorization: authorization }),
      ...(from === undefined ? {} : { 'CF-Connecting-IP': from }),
    },
  });
}

async function as({ email, key }: Client, path: string, asked: Asked = {}): Promise<Reply> {
  return ask(path, { authorization: basic(email, key), ...asked });
}

const [client, other] = [await newClient(), await newClient()];

let lastAddress = 0;
/** A public address that nobody had before. */
function newAddress(): string {
  lastAddress += 1;
  return `93.184.216.${lastAddress}`;
}

async function createSub(owner: Client, form: Readonly<Record<string, string>> = {}): Promise<string> {
  lastAddress += 1;
  const username = `sub${lastAddress}`;
  const reply = await as(owner, '/sub/create/', {
    form: { username, password: 'long-enough', ...form },
  });
  expect(reply.status).toBe(200);
  return username;
}

describe('each error of ProxyMesh’s documentation', () => {
  test('200 is JSON with what was made', async () => {
    const ip = newAddress();
    const added = await as(client, '/ip/add/', { form: { ip } });
    expect([added.status, added.json]).toEqual([200, { ip }]);
    const { token } = client;
    const { data } = v.parse(AuthorizedSourceList, (await edge.call('GET', '/v1/authorized-sources', { token })).json);
    expect(data[0]).toMatchObject({ kind: 'ip', value: ip, sub_user: null });
  });

  test('204 is empty, after something was deleted', async () => {
    const ip = newAddress();
    await as(client, '/ip/add/', { form: { ip } });
    const deleted = await as(client, '/ip/delete/', { form: { ip } });
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await as(client, '/ips/')).text).not.toContain(ip);
    const username = await createSub(client);
    expect((await as(client, '/sub/delete/', { form: { username } })).status).toBe(204);
    expect((await as(client, '/subs/')).text).not.toContain(username);
  });

  describe('400 is JSON that begins with the code and names each wrong field', () => {
    test.each<[string, Record<string, string>, Record<string, string[]>]>([
      ['/sub/create/', { username: 'a b' }, { username: ['must be 1 to 64 letters, digits or underscores'] }],
      [
        '/sub/create/',
        { username: '-', total_bandwidth_limit: 'much' },
        {
          username: ['must be 1 to 64 letters, digits or underscores'],
          total_bandwidth_limit: ['must be a number of gigabytes, at most 1000000'],
        },
      ],
      ['/sub/edit/', {}, { username: ['is required'] }],
      ['/ip/add/', { ip: '10.0.0.1' }, { ip: ['must be a public address'] }],
      ['/ip/delete/', { ip: '93.184.215.1' }, { ip: ['is not authorised'] }],
      ['/hostname/add/', { hostname: 'localhost' }, { hostname: ['must be a public host name'] }],
      ['/hostname/delete/', { hostname: 'never.example.org' }, { hostname: ['is not authorised'] }],
      ['/proxy/add/', { proxy: 'us-wa.proxymesh.com:31280' }, { proxy: ['is not recognized'] }],
      ['/proxy/delete/', { proxy: 'us-wa.proxymesh.com:31280' }, { proxy: ['is not recognized'] }],
    ])('%s %o', async (path, form, errors) => {
      const reply = await as(client, path, { form });
      expect([reply.status, reply.json]).toMatchObject([400, { code: 400, errors }]);
      expect(reply.text).toMatch(/^\{"code":400,"error":"/);
    });

    test('where an address or name is authorised already, by whichever account', async () => {
      names.set('two.example.org', ['93.184.217.1']);
      const hostname = { form: { hostname: 'two.example.org' } };
      const added = await as(client, '/hostname/add/', hostname);
      expect([added.status, added.json]).toEqual([200, { hostname: 'two.example.org', ips: ['93.184.217.1'] }]);
      const again = await as(other, '/hostname/add/', hostname);
      expect([again.status, again.json]).toMatchObject([400, { errors: { hostname: ['is authorised already'] } }]);
      expect((await as(client, '/ip/add/', { form: { ip: '93.184.217.1' } })).status).toBe(400);
    });

    test('where a name is taken', async () => {
      const username = await createSub(other);
      const reply = await as(client, '/sub/create/', { form: { username } });
      expect([reply.status, reply.json]).toMatchObject([400, { errors: { username: ['is taken'] } }]);
    });
  });

  test.each<[string, () => string | undefined]>([
    ['no credentials', () => undefined],
    ['another scheme', () => 'Bearer x'],
    ['what is no base64', () => 'Basic =='],
    ['an unknown name', () => basic('nobody', 'long-enough')],
    ['an unknown e-mail address', () => basic('nobody@example.com', 'long-enough')],
  ])('401 to %s asks for Basic credentials', async (_, authorization) => {
    const reply = await ask('/proxies/', { authorization: authorization(), from: '203.0.113.1' });
    expect([reply.status, reply.text]).toEqual([401, '401 Basic Authentication Failure']);
    expect(reply.headers.get('WWW-Authenticate')).toBe('Basic realm="marvel"');
  });

  test('401 to a key under a name that is not its account’s, and to a proxy key', async () => {
    const made = await edge.call('POST', '/v1/keys', { token: client.token });
    const { key } = v.parse(v.object({ key: v.string() }), made.json);
    for (const authorization of [basic(other.email, client.key), basic(client.email, key), basic(client.key, '')]) {
      expect((await ask('/proxies/', { authorization, from: '203.0.113.2' })).status).toBe(401);
    }
  });

  test('401 to a banned address, whatever it shows, after too many wrong credentials', async () => {
    const from = '203.0.113.3';
    const good = basic(client.email, client.key);
    expect((await ask('/proxies/', { authorization: good, from })).status).toBe(200);
    for (let tries = 0; tries < 30; tries += 1) await ask('/proxies/', { from });
    expect((await ask('/proxies/', { authorization: good, from })).status).toBe(200);
    for (let tries = 0; tries < 20; tries += 1) {
      expect((await ask('/proxies/', { authorization: basic('guess', `guess-${tries}`), from })).status).toBe(401);
    }
    expect((await ask('/proxies/', { authorization: good, from })).text).toBe('401 Basic Authentication Failure');
    expect((await ask('/proxies/', { authorization: good, from: '203.0.113.4' })).status).toBe(200);
  });

  test('402 when nothing is paid for, or the account has as many sub-accounts as it can', async () => {
    const form = { username: `more${Date.now()}` };
    const unpaid = await as(await newClient(0), '/sub/create/', { form });
    expect([unpaid.status, unpaid.text]).toEqual([402, '402 Payment required']);
    const full = await newClient();
    await edge.database.query(
      `insert into sub_user (id, account_id, username, digest)
       select 'su_full' || n, $1, 'full' || n, 'x' from generate_series(1, 1000) n`,
      [full.accountId],
    );
    expect((await as(full, '/sub/create/', { form })).status).toBe(402);
  });

  test('403 to a sub-account, to another account’s sub-account, to a list asked for with POST, and to the end of a proxy', async () => {
    const username = await createSub(client);
    const refused = [
      await ask('/proxies/', { authorization: basic(username, 'long-enough') }),
      await as(other, '/sub/edit/', { form: { username, first_name: 'Mine' } }),
      await as(other, '/sub/delete/', { form: { username } }),
      await as(client, '/proxies/', { form: {} }),
      await as(client, '/proxy/delete/', { form: { proxy: 'gateway.example:31280' } }),
    ];
    for (const reply of refused) expect([reply.status, reply.text]).toEqual([403, '403 Forbidden']);
    expect((await as(client, '/subs/')).json).toMatchObject({
      subs: expect.arrayContaining([expect.objectContaining({ username, first_name: null })]) as unknown,
    });
  });

  test('404 is "Sub-account not found." for a sub-account, and says so of a path', async () => {
    const form = { username: 'never_made' };
    for (const path of ['/sub/edit/', '/sub/delete/']) {
      const reply = await as(client, path, { form });
      expect([reply.status, reply.text]).toEqual([404, 'Sub-account not found.']);
    }
    const absent = await as(client, '/nothing/');
    expect([absent.status, absent.text]).toEqual([404, '404 Not Found']);
  });

  test('405 names the methods that there are', async () => {
    for (const [path, method, allow] of [
      ['/ip/add/', 'GET', 'POST'],
      ['/sub/create/', 'PUT', 'POST'],
      ['/proxies/', 'DELETE', 'GET, HEAD'],
    ] as const) {
      const reply = await as(client, path, { method });
      expect([reply.status, reply.text]).toEqual([405, '405 Method Not Allowed']);
      expect(reply.headers.get('Allow')).toBe(allow);
    }
  });

  test('500 says nothing of what broke', async () => {
    await edge.database.query('alter table sub_user rename column first_name to first_name_away');
    const reply = await as(client, '/subs/');
    await edge.database.query('alter table sub_user rename column first_name_away to first_name');
    expect([reply.status, reply.text]).toEqual([500, '500 Internal Server Error']);
  });

  test('503 when the plan cannot be looked up', async () => {
    await edge.database.front.stop();
    const reply = await as(client, '/proxies/');
    await edge.database.front.start();
    expect([reply.status, reply.text]).toEqual([
      503,
      '503 Plan error: Unable to lookup subscription plan. Please try again in a few minutes.',
    ]);
  });
});

describe('sub-accounts', () => {
  test('are sub-users: made, changed field by field, and cleared by an empty field', async () => {
    const username = await createSub(client, { email: 'Sub@example.com', monthly_bandwidth_limit: '2.5' });
    const { token } = client;
    const listed = await edge.call('GET', '/v1/sub-users', { token });
    const [user] = v.parse(SubUserList, listed.json).data;
    expect(user).toMatchObject({ username, email: 'sub@example.com', limits: { bytes_per_month: 2.5 * gb } });
    await edge.call('PATCH', `/v1/sub-users/${user?.id ?? ''}`, {
      token,
      body: { limits: { bytes_per_month: 1, threads: 7 } },
    });
    const form = { username, first_name: 'Ada', total_bandwidth_limit: '10', monthly_bandwidth_limit: '', email: '' };
    expect((await as(client, '/sub/edit/', { form })).json).toEqual({
      username,
      first_name: 'Ada',
      last_name: null,
      email: null,
      monthly_bandwidth_limit: null,
      total_bandwidth_limit: 10,
    });
    const after = v.parse(SubUserList, (await edge.call('GET', '/v1/sub-users', { token })).json).data[0];
    expect(after?.limits).toEqual({ threads: 7, bytes_total: 10 * gb });
  });

  test('on a plan keep its limits, whatever else is edited; an edit of those changes nothing, not even the password', async () => {
    const owner = await newClient();
    const { token } = owner;
    const username = await createSub(owner);
    const made = async (path: string, body: object) =>
      v.parse(v.looseObject({ id: v.string() }), (await edge.call('POST', path, { token, body })).json).id;
    const [user] = v.parse(SubUserList, (await edge.call('GET', '/v1/sub-users', { token })).json).data;
    await made('/v1/subscriptions', {
      plan_id: await made('/v1/plans', { name: 'p', bytes: gb, price_cents: 1, currency: 'usd', interval: 'month' }),
      customer_id: await made('/v1/customers', { name: 'c', sub_user_id: user?.id }),
    });
    const refused = await as(owner, '/sub/edit/', {
      form: { username, password: 'never-this-one', total_bandwidth_limit: '9' },
    });
    expect(refused.status).toBe(400);
    expect((await ask('/proxies/', { authorization: basic(username, 'long-enough') })).status).toBe(403);
    const edited = await as(owner, '/sub/edit/', {
      form: { username, password: 'another-password', first_name: 'Ada' },
    });
    expect([edited.status, edited.json]).toMatchObject([200, { first_name: 'Ada', total_bandwidth_limit: 1 }]);
    expect((await ask('/proxies/', { authorization: basic(username, 'another-password') })).status).toBe(403);
  });

  test('get another password with an edit, and one that is made when none is given', async () => {
    const made = await as(client, '/sub/create/', { form: { username: `sub${Date.now()}` } });
    const { username, password } = v.parse(v.looseObject({ username: v.string(), password: v.string() }), made.json);
    expect((await ask('/proxies/', { authorization: basic(username, password) })).status).toBe(403);
    await as(client, '/sub/edit/', { form: { username, password: 'another-password' } });
    expect((await ask('/proxies/', { authorization: basic(username, password) })).status).toBe(401);
    expect((await ask('/proxies/', { authorization: basic(username, 'another-password') })).status).toBe(403);
  });
});

describe('the account', () => {
  test('may show its own password, as clients of ProxyMesh do, and is held to the limits of a sign-in', async () => {
    const authorization = basic(client.email.toUpperCase(), client.password);
    expect((await ask('/proxies/', { authorization })).json).toEqual({ proxies: ['gateway.example:31280'] });
    expect((await ask('/proxies/', { authorization: basic(client.email, 'wrong') })).status).toBe(401);
  });

  test('may only look with a key that may only read', async () => {
    const key = (await makeApiKey(edge, client, { access: 'read' })).api_key;
    expect((await as({ ...client, key }, '/ips/')).status).toBe(200);
    expect((await as({ ...client, key }, '/ip/add/', { form: {} })).status).toBe(403);
  });

  test('authorises the address that asks when it names none', async () => {
    const from = newAddress();
    expect((await as(client, '/ip/add/', { form: {}, from })).json).toEqual({ ip: from });
  });

  test('has every proxy', async () => {
    const proxy = 'gateway.example:31280';
    expect((await as(client, '/proxy/add/', { form: { proxy } })).json).toEqual({ proxy });
  });
});

describe('GET /api/headers/', () => {
  test('shows anybody what their request arrived with, but no credentials', async () => {
    const reply = await edge.call('GET', `${api}/headers/`, {
      headers: { 'X-Mine': 'yes', Authorization: 'Basic c2VjcmV0' },
    });
    expect(reply.json).toMatchObject({ 'x-mine': 'yes' });
    expect(reply.text).not.toContain('c2VjcmV0');
  });
});
