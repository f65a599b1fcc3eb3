import { createHmac } from 'node:crypto';
import { SubUserList } from '@marvel/shared/api/sub-user';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { makeApiKey } from '../../../test-support/api-key.ts';
import { startEdge, type Reply, type SignedUp } from '../../../test-support/edge.ts';

const edge = await startEdge({
  rateLimits: { account: 30 },
  vars: { GATEWAY_DOORS: 'proxies-fo-isp=isp.example:4001' },
});
afterAll(async () => edge[Symbol.asyncDispose]());
const api = '/dialects/proxies-fo/api';
const gb = 1_000_000_000;

const Plan = v.object({
  Success: v.literal(true),
  Data: v.object({
    ID: v.string(),
    AuthUsername: v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{16}$/)),
    AuthPassword: v.string(),
    AuthHostname: v.string(),
    AuthPort: v.number(),
    Bandwidth: v.nullable(v.number()),
    Threads: v.nullable(v.number()),
    StartDate: v.number(),
    EndsDate: v.number(),
  }),
  Error: v.null(),
});

interface Client extends SignedUp {
  readonly key: string;
}

async function newClient(bytes = 10 * gb): Promise<Client> {
  const account = await edge.signUp(bytes);
  return { ...account, key: (await makeApiKey(edge, account)).api_key };
}

const shared = await newClient();

async function post(form: string, key: string | undefined, headers: Record<string, string> = {}): Promise<Reply> {
  return edge.call('POST', `${api}/plans/new`, {
    body: form,
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      ...(key === undefined ? {} : { 'X-Api-Auth': key }),
      ...headers,
    },
  });
}

async function subUsersOf({ token }: Client) {
  return v.parse(SubUserList, (await edge.call('GET', '/v1/sub-users', { token })).json).data;
}

describe('POST /api/plans/new', () => {
  test('with the form of a client that was written for proxies.fo makes a sub-user with those limits', async () => {
    const client = await newClient();
    const before = Math.floor(Date.now() / 1000);
    const reply = await post('reseller=7c9ea873-63f9-4013-9147-3807cc6f0553&bandwidth=1.5&duration=180', client.key);
    expect(reply.status).toBe(200);
    const { Data: plan } = v.parse(Plan, reply.json);
    expect(plan).toMatchObject({ AuthHostname: 'gateway.example', AuthPort: 13_337, Bandwidth: 1.5, Threads: null });
    expect(plan.EndsDate - plan.StartDate).toBe(180 * 86_400);
    expect(plan.StartDate).toBeGreaterThanOrEqual(before);
    const [user] = await subUsersOf(client);
    expect(user).toMatchObject({ id: plan.ID, username: plan.AuthUsername, limits: { bytes_total: 1.5 * gb } });
    expect(Date.parse(user?.limits.expires_at ?? '') / 1000).toBeCloseTo(plan.EndsDate, -1);
  });

  test('gives credentials that the gateways are told of', async () => {
    const { Data: plan } = v.parse(Plan, (await post('reseller=residential&bandwidth=1', shared.key)).json);
    const records = await edge.database.query<{ body: { digest?: string; limits?: unknown } }>(
      "select body from feed_record where kind = 'sub_user' and id = $1",
      [plan.ID],
    );
    expect(records[0]?.body.limits).toMatchObject({ bytes_total: gb });
    const input = `sub-user\n${plan.AuthUsername}\n${plan.AuthPassword}`;
    const digest = createHmac('sha256', edge.credentialPepper).update(input).digest('base64url');
    expect(records[0]?.body.digest).toBe(digest);
  });

  test('by threads is one without a cap of its own, at the door of its product', async () => {
    const client = await newClient();
    const reply = await post('reseller=b3fd0f3c-693d-4ec5-b49f-c77feaab0b72&duration=1&threads=500', client.key);
    expect(v.parse(Plan, reply.json).Data).toMatchObject({ AuthPort: 13_338, Bandwidth: null, Threads: 500 });
    const isp = v.parse(Plan, (await post('reseller=isp&threads=5', client.key)).json).Data;
    expect([isp.AuthHostname, isp.AuthPort]).toEqual(['isp.example', 4001]);
    expect((await subUsersOf(client)).map(({ limits }) => limits.threads)).toEqual([5, 500]);
  });

  test.each(['threads', 'plan_threads'])('with more threads than the account has (%s) is 453', async (column) => {
    const client = await newClient();
    await edge.database.query(`update account set ${column} = 10 where id = $1`, [client.accountId]);
    expect((await post('reseller=isp&threads=11', client.key)).status).toBe(453);
    expect((await post('reseller=isp&threads=10', client.key)).status).toBe(200);
  });

  test('repeated with its Idempotency-Key makes one plan', async () => {
    const client = await newClient();
    const make = async () => post('reseller=isp&threads=5', client.key, { 'Idempotency-Key': 'plan-1' });
    const replies = await Promise.all([make(), make(), make()]);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(await subUsersOf(client)).toHaveLength(1);
  });
});

describe('GET /api/me', () => {
  test('tells of the account and its bytes', async () => {
    const client = await newClient(12_340_000_000);
    const reply = await edge.call('GET', `${api}/me`, { headers: { 'X-Api-Auth': client.key } });
    expect(reply.text).toContain('"Success":true');
    expect(reply.json).toEqual({
      Success: true,
      Data: {
        ID: client.accountId,
        Email: client.email,
        Balance: 12_340_000_000,
        BalanceFormatted: '12.34 GB',
      },
      Error: null,
    });
  });
});

describe('each error of proxies.fo’s documentation that an API can have', () => {
  const rows: readonly [number, string, () => Promise<Reply>][] = [
    [400, 'bandwidth: is required, or threads is', asks('reseller=isp')],
    [400, 'reseller: is required', asks('threads=1')],
    [400, 'reseller: must be residential, isp or datacenter, or the id of one', asks('reseller=mobile&threads=1')],
    [400, 'bandwidth: must be a number of gigabytes, at most 1000000', asks('reseller=isp&bandwidth=-1')],
    [400, 'bandwidth: must not be 0', asks('reseller=isp&bandwidth=0')],
    [400, 'threads: must be an integer from 1 to 1000000', asks('reseller=isp&threads=many')],
    [400, 'duration: must be an integer from 1 to 3650', asks('reseller=isp&threads=1&duration=9999')],
    [400, 'a field appears twice', asks('reseller=isp&reseller=isp')],
    [400, 'The body is not UTF-8', asks('reseller=%FF&%', new Uint8Array([0xff]))],
    [
      400,
      'Content-Type: must be application/x-www-form-urlencoded',
      async () => post('{}', shared.key, { 'Content-Type': 'text/plain' }),
    ],
    // At the proxy it is 407; an API says 401, since 407 speaks of a proxy and clients do not show it.
    [401, 'Incorrect username or password', async () => post('reseller=isp&threads=1', 'wrong')],
    [401, 'Incorrect username or password', async () => post('reseller=isp&threads=1', undefined)],
    [452, 'exceeded bandwidth limit', asks('reseller=isp&bandwidth=10.000000001')],
    [452, 'exceeded bandwidth limit', async () => post('reseller=isp&threads=1', (await newClient(0)).key)],
    [453, 'exceeded threads limit', tooManyThreads],
    [429, 'Too many requests', tooOften],
    [500, 'Internal Server Error', broken],
    [503, 'Service Unavailable', withoutDatabase],
  ];

  test.each(rows)('%i says "%s"', async (status, message, provoke) => {
    const reply = await provoke();
    expect([reply.status, reply.json]).toEqual([status, { Success: false, Data: null, Error: message }]);
  });
});

function asks(form: string, bytes?: Uint8Array) {
  return async () => {
    const { key } = shared;
    if (bytes === undefined) return post(form, key);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    const headers = { 'X-Api-Auth': key, 'Content-Type': 'application/x-www-form-urlencoded' };
    return edge.call('POST', `${api}/plans/new`, { body, headers });
  };
}

async function tooManyThreads(): Promise<Reply> {
  const client = await newClient();
  await edge.database.query('update account set threads = 10 where id = $1', [client.accountId]);
  return post('reseller=isp&threads=11', client.key);
}

async function tooOften(): Promise<Reply> {
  const { key } = await newClient();
  const replies = await Promise.all(Array.from({ length: 30 }, async () => post('', key)));
  expect(replies.map(({ status }) => status)).toContain(400);
  return post('', key);
}

async function broken(): Promise<Reply> {
  const { key } = shared;
  await edge.database.query('alter table sub_user rename column first_name to first_name_away');
  try {
    return await post('reseller=isp&threads=1', key);
  } finally {
    await edge.database.query('alter table sub_user rename column first_name_away to first_name');
  }
}

async function withoutDatabase(): Promise<Reply> {
  const { key } = shared;
  await edge.database.front.stop();
  try {
    return await post('reseller=isp&threads=1', key);
  } finally {
    await edge.database.front.start();
  }
}
