import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, type Reply, type SignedUp, startEdge } from '../../test-support/edge.ts';
import { enrolGateway } from '../../test-support/gateway.ts';
import { readOperations } from '../../test-support/operations.ts';
import { addExits } from '../../test-support/reserve.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const operations = readOperations((await edge.call('GET', '/v1/openapi.json')).json);
const withId = operations.filter(({ access, path }) => access === 'session' && /\{(?:id|session)\}/.test(path));

const [owner, stranger] = [await edge.signUp(10_000_000), await edge.signUp(10_000_000)];
const gateway = await enrolGateway(edge);
await addExits(edge, [{ country: 'US', exitIp: '9.9.9.1' }]);
const Made = v.looseObject({ id: v.string() });

async function make(path: string, body: unknown): Promise<string> {
  const reply = await edge.call('POST', path, { token: owner.token, body });
  expect(reply.status, `${path} ${reply.text}`).toBe(201);
  return v.parse(Made, reply.json).id;
}

async function rowOf(text: string, values: readonly unknown[]): Promise<string> {
  const [row] = await edge.database.query<{ id: string }>(text, values);
  return row?.id ?? 'nothing';
}

/** Something of the owner's for every family of paths with an id. */
const endpointId = await make('/v1/webhook-endpoints', { url: 'https://hooks.example.com/' });
await edge.database.query('select publish_event($1, $2, $3)', [
  owner.accountId,
  'balance.low',
  { balance_bytes: 1, threshold_bytes: 2 },
]);
await edge.call('POST', '/v1/nodes', { token: owner.token, body: { country: 'US', session: 'mine' } });
const invoice = 'inv_00000000000000000001';
await edge.database.query(
  `insert into invoice (id, account_id, description, bytes, amount_cents, currency) values ($1, $2, '', 1, 1, 'usd')`,
  [invoice, owner.accountId],
);
const subUser = await make('/v1/sub-users', { username: 'owned_by_one' });
const customer = await make('/v1/customers', { name: 'One', sub_user_id: subUser });
const terms = { bytes: 1000, price_cents: 100, currency: 'usd', interval: 'month' };
const plan = await make('/v1/plans', { name: 'Plan', ...terms });
const ids: Readonly<Record<string, string>> = {
  '/v1/keys': await make('/v1/keys', {}),
  '/v1/sub-users': subUser,
  '/v1/authorized-sources': await make('/v1/authorized-sources', { kind: 'ip', value: '9.9.9.9' }),
  '/v1/api-keys': await make('/v1/api-keys', { label: 'one' }),
  '/v1/customers': customer,
  '/v1/plans': plan,
  '/v1/subscriptions': await make('/v1/subscriptions', { plan_id: plan, customer_id: customer }),
  '/v1/webhook-endpoints': endpointId,
  '/v1/webhook-deliveries': await rowOf('select id from webhook_delivery where account_id = $1', [owner.accountId]),
  '/v1/nodes': 'mine',
  '/v1/invoices': invoice,
  '/v1/sessions': await rowOf('select id from session where account_id = $1', [owner.accountId]),
};

/** What a reply says, but for what differs from one request to the next. */
function said({ status, headers, text }: Reply): unknown {
  const own = new Set(['x-request-id', 'date', 'x-ratelimit-remaining', 'x-ratelimit-reset']);
  return { status, text, headers: [...headers].filter(([name]) => !own.has(name)) };
}

async function ask(method: string, path: string, id: string, token: string | undefined): Promise<Reply> {
  const body = method === 'GET' || method === 'DELETE' ? undefined : {};
  return edge.call(method, path.replace(/\{(?:id|session)\}/, id), { token, body });
}

describe('something of another account', () => {
  test('is there for every path with an id, so that nothing is left out below', () => {
    const families = withId.map(({ path }) => path.slice(0, path.indexOf('/{')));
    expect([...new Set(families)].filter((family) => ids[family] === undefined)).toEqual([]);
    expect(Object.values(ids)).not.toContain('nothing');
  });

  test.each(withId.map((operation) => [operation.name, operation] as const))(
    '%s answers as to an id that nobody has, byte for byte, and changes nothing',
    async (_, { method, path }) => {
      const id = ids[path.slice(0, path.indexOf('/{'))] ?? '';
      const absent = id.includes('_') ? `${id.slice(0, id.indexOf('_'))}_zzzzzzzzzzzzzzzzzzzz` : 'nobodys';
      const foreign = await ask(method, path, id, stranger.token);
      expect(foreign.status).toBeGreaterThanOrEqual(400);
      expect(said(foreign)).toEqual(said(await ask(method, path, absent, stranger.token)));
      expect(foreign.text).not.toContain(id);
    },
  );

  test.each(withId.map((operation) => [operation.name, operation] as const))(
    '%s is for nobody with a token of another kind, or none',
    async (_, { method, path }) => {
      const id = ids[path.slice(0, path.indexOf('/{'))] ?? '';
      for (const token of [undefined, edge.operatorToken, gateway.token]) {
        expectFailure(await ask(method, path, id, token), 'unauthenticated');
      }
    },
  );

  test('is still its owner’s after all of that', async () => {
    for (const [family, id] of Object.entries(ids)) {
      const reply = await edge.call('GET', family, { token: owner.token });
      expect([family, reply.text.includes(id)]).toEqual([family, true]);
    }
  });

  test('stands in no list of a stranger', async () => {
    const lists = operations.filter(
      ({ access, method, path }) => access === 'session' && method === 'GET' && !path.includes('{'),
    );
    for (const { path } of lists) {
      const { text } = await edge.call('GET', path, { token: stranger.token });
      for (const id of [...Object.values(ids).filter((each) => each.includes('_')), owner.accountId]) {
        expect([path, text.includes(id)]).toEqual([path, false]);
      }
    }
  });
});

test.each([
  {
    what: 'keys',
    path: '/v1/keys',
    fill: `insert into api_key (id, account_id, digest, prefix, label, mode)
      select 'key_full' || n, $1, 'digest' || n, 'mk_live_0000', '', 'live' from generate_series(1, 999) n`,
    first: 'key_full1',
    body: () => ({}),
  },
  {
    what: 'sub-users',
    path: '/v1/sub-users',
    fill: `insert into sub_user (id, account_id, username, digest)
      select 'su_full' || n, $1, 'full' || n, 'digest' || n from generate_series(1, 999) n`,
    first: 'su_full1',
    body: (index: number) => ({ username: `late${index}`, limits: {} }),
  },
  {
    what: 'authorised sources',
    path: '/v1/authorized-sources',
    fill: `insert into authorized_source (id, account_id, source, value)
      select 'src_full' || n, $1, 'ip', '9.8.' || n / 256 || '.' || n % 256 from generate_series(1, 999) n`,
    first: 'src_full1',
    body: (index: number) => ({ kind: 'ip', value: `9.7.0.${index + 1}` }),
  },
  {
    what: 'customers',
    path: '/v1/customers',
    max: 10_000,
    fill: `insert into customer (id, account_id, name)
      select 'cst_full' || n, $1, 'Ann' from generate_series(1, 9999) n`,
    first: 'cst_full1',
    body: () => ({ name: 'Bob' }),
  },
])(
  'an account may have so many $what at a time, also of several at once, and one that goes makes room',
  async (owned) => {
    const { accountId, token }: SignedUp = await edge.signUp();
    await edge.database.query(owned.fill, [accountId]);
    const makeOne = async (index: number) => edge.call('POST', owned.path, { token, body: owned.body(index) });
    const replies = await Promise.all(Array.from({ length: 6 }, async (_, index) => makeOne(index)));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const reply of replies.filter(({ status }) => status !== 201)) {
      expectFailure(reply, 'conflict', `An account can have at most ${owned.max ?? 1000} ${owned.what}`);
    }
    expect((await edge.call('DELETE', `${owned.path}/${owned.first}`, { token })).status).toBe(204);
    expect((await makeOne(7)).status).toBe(201);
  },
);

describe('plans on offer', () => {
  const full = 'An account can have at most 1000 plans on offer';

  test('are so many at a time, also of several at once; one that is taken off makes room, and needs it to come back', async () => {
    const { accountId, token } = await edge.signUp();
    await edge.database.query(
      `insert into plan (id, account_id, name, bytes, price_cents, currency, interval, interval_count)
       select 'pln_full' || n, $1, '', 1, 1, 'usd', 'month', 1 from generate_series(1, 999) n`,
      [accountId],
    );
    const makeOne = async () => edge.call('POST', '/v1/plans', { token, body: { name: 'Late', ...terms } });
    const change = async (id: string, body: object) => edge.call('PATCH', `/v1/plans/${id}`, { token, body });
    const replies = await Promise.all(Array.from({ length: 6 }, makeOne));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const reply of replies.filter(({ status }) => status !== 201)) expectFailure(reply, 'conflict', full);
    expect((await change('pln_full1', { active: true, name: 'On offer already' })).status).toBe(200);
    for (const id of ['pln_full1', 'pln_full2']) expect((await change(id, { active: false })).status).toBe(200);
    expect((await makeOne()).status).toBe(201);
    const back = await Promise.all(['pln_full1', 'pln_full2'].map(async (id) => change(id, { active: true })));
    const refused = back.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(1);
    for (const reply of refused) expectFailure(reply, 'conflict', full);
    expectFailure(await change('pln_nobody', { active: true }), 'not_found');
  });
});
