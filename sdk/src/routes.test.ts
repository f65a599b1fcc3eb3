import { generateKeyPairSync } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationOf, readOperations, readSchemas, type Operation } from '../test-support/operations.ts';
import { MarvelAPIError } from './client/errors.ts';
import { Marvel } from './client/marvel.ts';
import { proxyAgents } from './proxy/agents.ts';
import { proxyUrl } from './proxy-url.ts';
import type { ReceiptEvidence } from './schema-types.ts';
import { readReceiptEvidence, verifyReceipts } from './verify/receipts.ts';

let stack: Stack;
let operations: readonly Operation[];
const schemas = await readSchemas();
/** The routes that replied without a failure. */
const succeeded = new Set<string>();

/** Sends a request, and holds what is replied to the schema that the API's document names for its route. */
async function fetchAndCheck(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const operation = operationOf(operations, init.method ?? '', new URL(url).pathname);
  if (operation === undefined) throw new Error(`no such route: ${init.method} ${url}`);
  if (!response.ok) return response;
  succeeded.add(operation.name);
  const isJson = response.headers.get('Content-Type')?.startsWith('application/json') === true;
  const schema = schemas.get(operation.reply ?? '');
  if (operation.reply !== undefined && schema === undefined) throw new Error(`no schema ${operation.reply}`);
  if (isJson && schema !== undefined) v.parse(schema, await response.clone().json());
  return response;
}

/** A client of the stack. */
function clientAs(token?: string): Marvel {
  return new Marvel({ baseUrl: stack.info.api, token, fetch: fetchAndCheck });
}

beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
  operations = readOperations(await new Marvel({ baseUrl: stack.info.api }).openapi.get());
});
afterAll(async () => stack[Symbol.asyncDispose]());

/** Those that nobody calls but the one it is for. */
const notForClients = new Set(['POST /v1/webhooks/stripe']);

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
}

async function callAll(part: object): Promise<void> {
  for (const value of Object.values(part) as unknown[]) {
    if (typeof value === 'function') await (value as (...given: readonly unknown[]) => unknown)('x', {});
    else if (typeof value === 'object' && value !== null) await callAll(value);
  }
}

/** What every method of the client sends, whatever it is given. */
async function sendEverything(): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const recording = new Marvel({
    baseUrl: 'http://api.example',
    async fetch(url, { method = '', headers }) {
      sent.push({ method, path: new URL(url).pathname, headers: new Headers(headers) });
      return Response.json({ data: [], next_cursor: null });
    },
  });
  await callAll(recording);
  return sent;
}

describe('the methods of the client', () => {
  test('are all the routes of the API, and no others', async () => {
    const sent = await sendEverything();
    const called = sent.map(
      ({ method, path }) => operationOf(operations, method, path)?.name ?? `unknown: ${method} ${path}`,
    );
    const wanted = operations.map(({ name }) => name).filter((name) => !notForClients.has(name));
    expect([...new Set(called)].toSorted()).toEqual(wanted.toSorted());
  });

  test('send an Idempotency-Key wherever the API honours one', async () => {
    const withKey = (await sendEverything())
      .filter(({ headers }) => headers.has('Idempotency-Key'))
      .map(({ method, path }) => operationOf(operations, method, path)?.name);
    const honoured = operations.filter(({ isIdempotent }) => isIdempotent).map(({ name }) => name);
    expect(withKey).toEqual(expect.arrayContaining(honoured));
    expect(honoured.length).toBeGreaterThan(5);
  });
});

describe('against the real API', () => {
  test('a customer signs up, makes credentials, holds exits, and takes all of it away', async () => {
    const email = 'sdk-tour@example.com';
    const password = 'a long password';
    const { account_id: accountId, token } = await clientAs().accounts.create({ email, password });
    const marvel = clientAs(token);
    expect(await marvel.me.get()).toMatchObject({ account_id: accountId, email });
    await marvel.me.update({ password: 'another password', current_password: password });
    const other = clientAs((await clientAs().sessions.create({ email, password: 'another password' })).token);
    const { data: sessions } = await marvel.sessions.list({ limit: 10 });
    expect(sessions).toHaveLength(2);
    await marvel.sessions.revoke(sessions.find(({ current }) => !current)?.id ?? '');
    await expect(other.me.get()).rejects.toMatchObject({ code: 'unauthenticated', status: 401 });

    const key = await marvel.keys.create({ label: 'crawler', limits: { threads: 5 } });
    expect(await marvel.keys.update(key.id, { label: 'spider' })).toMatchObject({ label: 'spider' });
    const rotated = await marvel.keys.rotate(key.id);
    await marvel.keys.revoke(rotated.id);
    expect((await marvel.keys.list()).every(({ revoked_at: revokedAt }) => revokedAt !== null)).toBe(true);

    const subUser = await marvel.subUsers.create({ username: 'sdk_tour' });
    await marvel.subUsers.update(subUser.id, { first_name: 'Ada' });
    expect((await marvel.subUsers.rotate(subUser.id)).password).not.toBe(subUser.password);
    expect(await marvel.subUsers.list().take(9)).toMatchObject([{ username: 'sdk_tour', first_name: 'Ada' }]);
    const source = await marvel.authorizedSources.create({ kind: 'ip', value: '9.9.9.9', sub_user: subUser.id });
    expect(await marvel.authorizedSources.list().take(9)).toEqual([source]);
    await marvel.authorizedSources.delete(source.id);
    await marvel.subUsers.delete(subUser.id);

    await clientAs(stack.info.operator_token).operator.accounts.adjust(accountId, { bytes: 1_000_000, reason: 'tour' });
    const { countries } = await marvel.availability.list();
    const [{ country } = { country: '' }] = countries;
    expect((await marvel.availability.get(country)).countries).toMatchObject([{ country }]);
    const node = await marvel.nodes.create({ country, session: 'tour' });
    expect(await marvel.nodes.list()).toEqual([node]);
    await marvel.nodes.rotate('tour');
    await marvel.nodes.release('tour');

    const endpoint = await marvel.webhookEndpoints.create({ url: 'http://127.0.0.1:9/', events: ['balance.low'] });
    await marvel.webhookEndpoints.update(endpoint.id, { description: 'tour' });
    expect((await marvel.webhookEndpoints.rotate(endpoint.id)).secret).not.toBe(endpoint.secret);
    expect(await marvel.webhookEndpoints.list().take(9)).toMatchObject([{ id: endpoint.id, description: 'tour' }]);
    await marvel.me.update({ low_balance_bytes: [500_000] });
    await clientAs(stack.info.operator_token).operator.accounts.adjust(accountId, { bytes: -600_000, reason: 'tour' });
    const [delivery] = await marvel.webhookDeliveries.list({ limit: 1 }).take(1);
    const id = delivery?.id ?? '';
    const event = { type: 'balance.low', data: { balance_bytes: 400_000, threshold_bytes: 500_000 } };
    expect(await marvel.webhookDeliveries.get(id)).toMatchObject({ event });
    expect(await marvel.webhookDeliveries.redeliver(id)).toMatchObject({ id, event_type: 'balance.low' });
    await marvel.webhookEndpoints.delete(endpoint.id);

    await marvel.sessions.end({ all: true });
    await expect(marvel.me.get()).rejects.toBeInstanceOf(MarvelAPIError);
  });

  test('a customer pays, and reads what was used, refused and booked', async () => {
    const marvel = clientAs(stack.info.account.token);
    const [bundle] = await marvel.bundles.list().take(1);
    const { invoice_id: id, checkout_url: url } = await marvel.checkout.create({ bundle_id: bundle?.id ?? '' });
    expect(url).toContain(stack.info.stripe.url);
    expect(await marvel.invoices.get(id)).toMatchObject({ status: 'open' });
    expect(await marvel.invoices.void(id)).toMatchObject({ status: 'void' });
    await expect(marvel.invoices.void(id)).rejects.toMatchObject({ code: 'conflict', status: 409 });
    expect((await marvel.invoices.list({ limit: 1 })).data).toMatchObject([{ id }]);
    const { balance_bytes: balanceBytes } = await marvel.usage.get({ group_by: ['day', 'country'] });
    expect(balanceBytes).toBeGreaterThan(0);
    expect((await marvel.ledger.list({ limit: 1 })).data).toHaveLength(1);
    expect((await marvel.ledger.csv({ limit: 1 })).csv).toMatch(/^id,at,cause,/);
    await marvel.rejections.list({ limit: 5, from: new Date(Date.now() - 60_000) });
    expect((await marvel.rejections.csv()).csv).toMatch(/^code,count,/);
    expect((await marvel.errors.list()).data.length).toBeGreaterThan(20);
    expect(await marvel.status.get()).toMatchObject({ status: 'ok' });
    await marvel.openapi.get();
  });

  test('an account sells: plans, customers, subscriptions; and its API keys come and go', async () => {
    const marvel = clientAs(stack.info.account.token);
    const terms = { name: 'Tour', bytes: 1000, price_cents: 100, currency: 'usd', interval: 'month' } as const;
    const plan = await marvel.plans.create(terms);
    expect(await marvel.plans.update(plan.id, { name: 'Tours' })).toMatchObject({ name: 'Tours' });
    expect(await marvel.plans.get(plan.id)).toMatchObject({ owner: 'account', active: true });
    expect(await marvel.plans.list({ owner: 'account' }).take(1)).toMatchObject([{ id: plan.id }]);
    const subUser = await marvel.subUsers.create({ username: 'sdk_sold' });
    const customer = await marvel.customers.create({ name: 'Ada', sub_user_id: subUser.id });
    expect(await marvel.customers.update(customer.id, { email: 'ada@example.com' })).toMatchObject({ name: 'Ada' });
    expect(await marvel.customers.get(customer.id)).toMatchObject({ email: 'ada@example.com' });
    expect(await marvel.customers.list({ limit: 1 }).take(1)).toMatchObject([{ id: customer.id }]);
    const { id } = await marvel.subscriptions.create({ plan_id: plan.id, customer_id: customer.id });
    expect(await marvel.subscriptions.pause(id)).toMatchObject({ status: 'paused' });
    expect(await marvel.subscriptions.resume(id)).toMatchObject({ status: 'active' });
    expect(await marvel.subscriptions.cancel(id)).toMatchObject({ status: 'cancelled' });
    expect(await marvel.subscriptions.get(id)).toMatchObject({ plan_id: plan.id });
    expect(await marvel.subscriptions.list({ status: 'cancelled', limit: 1 }).take(1)).toMatchObject([{ id }]);
    const spare = await marvel.customers.create({ name: 'Bob' });
    await marvel.customers.delete(spare.id);

    const { plans } = clientAs(stack.info.operator_token).operator;
    const ours = await plans.create(terms);
    expect(await plans.update(ours.id, { active: false })).toMatchObject({ owner: 'marvel', active: false });
    expect(await plans.list({ limit: 1 }).take(1)).toMatchObject([{ id: ours.id }]);

    const { id: keyId, api_key: apiKey } = await marvel.apiKeys.create({ label: 'tour', access: 'read' });
    expect(apiKey).toMatch(/^ma_live_/);
    expect(await marvel.apiKeys.list().take(1)).toMatchObject([{ id: keyId, label: 'tour' }]);
    await marvel.apiKeys.revoke(keyId);
  });

  test('an operator runs the fleet', async () => {
    const { operator } = clientAs(stack.info.operator_token);
    const fleet = await operator.fleet.get();
    await operator.fleet.set({ policy: fleet.policy });
    await operator.fleet.setMaintenance({ on: false });
    expect(await operator.fleet.raiseEpoch({ from: fleet.epoch })).toMatchObject({ epoch: fleet.epoch + 1 });
    expect(await operator.fleet.keys()).toMatchObject({ next: null, may_switch: false });
    const [account] = await operator.accounts.list({ email: stack.info.account.email }).take(1);
    const accountId = account?.account_id ?? '';
    expect(await operator.accounts.suspend(accountId, { reason: 'tour' })).toMatchObject({ status: 'suspended' });
    expect(await operator.accounts.unsuspend(accountId, { reason: 'tour' })).toMatchObject({ status: 'active' });
    expect(await operator.accounts.get(accountId)).toEqual(account);
    const [entry] = await operator.accounts.ledger(accountId).take(1);
    expect(entry?.balance_bytes).toBe(account?.balance_bytes);
    const [last] = await operator.audit({ target: accountId }).take(1);
    expect(last).toMatchObject({ action: 'account.unsuspend', detail: { reason: 'tour' } });
    const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
    const gateway = await operator.gateways.enrol({ name: 'tour', public_key: jwk });
    const feed = await clientAs(gateway.token).gateway.feed({ limit: 1 });
    expect(feed.signature).toMatch(/^[\w-]+\.\.[\w-]+$/);
    expect(JSON.parse(new TextDecoder().decode(feed.body))).toMatchObject({ from: '0' });
    await operator.gateways.revoke(gateway.id);
    expect((await operator.gateways.list()).data.map(({ id }) => id)).not.toContain(gateway.id);

    const [exit] = await operator.exits.list({ limit: 1 }).take(1);
    await operator.exits.drop(exit?.id ?? '');
    const [line] = (await operator.exits.import([{}])).data;
    expect(line).toMatchObject({ index: 0, outcome: 'invalid' });
    await operator.bundles.save('bun_sdk0', { name: 'Tour', bytes: 1, price_cents: 100, currency: 'usd' });
    await operator.bundles.retire('bun_sdk0');
    expect(await operator.bundles.list().take(99)).toContainEqual(
      expect.objectContaining({ id: 'bun_sdk0', active: false }),
    );
    expect(await operator.reconcile()).toMatchObject({ problems: [] });
    expect(await operator.reconcilePayments()).toMatchObject({ problems: [] });
  });

  test('a customer derives the balance again from what the gateways signed, and misses what is taken away', async () => {
    const { account, gateway, echo } = stack.info;
    const marvel = clientAs(account.token);
    const proxy = proxyUrl({ gateway: gateway.marvel, key: account.key, target: { country: 'US' } });
    const agents = proxyAgents({ proxy });
    const download = async (): Promise<number> => {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        get(`${echo}/bytes/100000`, { agent: agents.http }, resolve).on('error', reject);
      });
      return (await buffer(response)).byteLength;
    };
    // The account was suspended above: the gateway may not have heard yet that it goes on.
    await expect.poll(async () => download().catch(() => 'refused'), { timeout: 20_000 }).toBe(100_000);
    // A gateway that stops posts what it has counted.
    await stack.gateways[0]?.stop();
    expect((await marvel.receipts.csv()).csv).toMatch(/^id,at,reference,/);
    const evidence = await readReceiptEvidence(marvel);
    const report = await verifyReceipts(evidence);
    expect(report.problems).toEqual([]);
    expect(report.receiptedBytes).toBeGreaterThan(100_000);
    expect(report.balanceBytes).toBe((await marvel.usage.get()).balance_bytes);
    const overTheWire = JSON.parse(
      JSON.stringify({ ...evidence, receipts: evidence.receipts.slice(1) }),
    ) as ReceiptEvidence;
    expect((await verifyReceipts(overTheWire)).problems.map(({ code }) => code)).toContain('receipt_missing');
  });

  test('no route is left that did not answer a call of this client', () => {
    // The gateways post signed batches by themselves, all the time.
    const done = new Set([...succeeded, ...notForClients, 'POST /v1/gateway/usage']);
    expect(operations.map(({ name }) => name).filter((name) => !done.has(name))).toEqual([]);
  });
});
