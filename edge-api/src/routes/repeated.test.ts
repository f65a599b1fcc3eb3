import { generateKeyPairSync } from 'node:crypto';
import * as v from 'valibot';
import { afterAll, expect, test } from 'vitest';
import { expectFailure, startEdge } from '../../test-support/edge.ts';
import { readOperations } from '../../test-support/operations.ts';
import { addExits } from '../../test-support/reserve.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const operations = readOperations((await edge.call('GET', '/v1/openapi.json')).json);
const making = operations.filter(({ method, statuses }) => method === 'POST' && statuses.includes(201));

const { token } = await edge.signUp(10_000_000);
await addExits(edge, [{ country: 'US', exitIp: '9.9.9.1' }]);
const WithId = v.looseObject({ id: v.string() });

async function make(path: string, body: object): Promise<string> {
  const reply = await edge.call('POST', path, { token, body });
  expect(reply.status, `${path} ${reply.text}`).toBe(201);
  return v.parse(WithId, reply.json).id;
}

const terms = { name: 'Plan', bytes: 1000, price_cents: 100, currency: 'usd', interval: 'month' };
const { kty, crv, x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const subUser = await make('/v1/sub-users', { username: 'of_a_customer' });
const subscribed = {
  plan_id: await make('/v1/plans', terms),
  customer_id: await make('/v1/customers', { name: 'Ann', sub_user_id: subUser }),
};
const [ofKeys, ofSubUsers, ofEndpoints] = [
  await make('/v1/keys', {}),
  await make('/v1/sub-users', { username: 'rotated' }),
  await make('/v1/webhook-endpoints', { url: 'https://hooks.example.com/' }),
];

interface Making {
  /** In the place of the path's parameter. */
  readonly id?: string;
  readonly body?: object;
  /** Another body that is well-formed; without one there is no body. */
  readonly other?: object;
}

/** What each of them can be asked. */
const asked: Readonly<Record<string, Making>> = {
  'POST /v1/accounts': {
    body: { email: 'new@example.com', password: 'long enough' },
    other: { email: 'new@example.com', password: 'something else' },
  },
  'POST /v1/keys': { body: { label: 'a' }, other: { label: 'b' } },
  'POST /v1/keys/{id}/rotate': { id: ofKeys },
  'POST /v1/api-keys': { body: { label: 'a' }, other: { label: 'b' } },
  'POST /v1/sub-users': { body: { username: 'one' }, other: { username: 'two' } },
  'POST /v1/sub-users/{id}/rotate': { id: ofSubUsers },
  'POST /v1/authorized-sources': {
    body: { kind: 'ip', value: '93.184.216.34' },
    other: { kind: 'ip', value: '93.184.216.35' },
  },
  'POST /v1/nodes': { body: { country: 'US' }, other: { country: 'US', session: 'mine' } },
  'POST /v1/webhook-endpoints': {
    body: { url: 'https://one.example.com/' },
    other: { url: 'https://two.example.com/' },
  },
  'POST /v1/webhook-endpoints/{id}/rotate': { id: ofEndpoints },
  'POST /v1/plans': { body: terms, other: { ...terms, bytes: 2000 } },
  'POST /v1/customers': { body: { name: 'Bob' }, other: { name: 'Eve' } },
  'POST /v1/subscriptions': { body: subscribed, other: { plan_id: subscribed.plan_id } },
  'POST /v1/operator/gateways': {
    body: { name: 'one', public_key: { kty, crv, x } },
    other: { name: 'two', public_key: { kty, crv, x } },
  },
  'POST /v1/operator/plans': { body: terms, other: { ...terms, bytes: 2000 } },
};
/** Tried where Stripe is. */
const elsewhere = new Set(['POST /v1/checkout']);

test('nothing that is made is left out below', () => {
  const names = making.map(({ name }) => name).filter((name) => !elsewhere.has(name));
  expect(names.toSorted()).toEqual(Object.keys(asked).toSorted());
});

test.each(making.filter(({ name }) => !elsewhere.has(name)).map((operation) => [operation.name, operation] as const))(
  '%s repeated with its Idempotency-Key, at once and later, is answered as the first; with another body it is none',
  async (name, { path, access }) => {
    const { id = '', body, other } = asked[name] ?? {};
    const tokens = { public: undefined, gateway: undefined, session: token, operator: edge.operatorToken };
    const send = async (given: object | undefined) =>
      edge.call('POST', path.replace('{id}', id), {
        token: tokens[access],
        body: given,
        headers: { 'Idempotency-Key': `repeated ${name}`.replaceAll(/[^a-z/-]/gi, '_') },
      });
    const replies = [...(await Promise.all([send(body), send(body), send(body)])), await send(body)];
    expect(replies.map(({ status, text }) => [status, text])).toEqual(replies.map(() => [201, replies[0]?.text]));
    if (other === undefined) return;
    expectFailure(await send(other), 'conflict', 'Idempotency-Key was used with another body');
  },
);
