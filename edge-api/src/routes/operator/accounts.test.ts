import { LedgerPage } from '@marvel/shared/api/ledger';
import {
  AuditPage,
  FeedKeys,
  FleetStatus,
  OperatorAccount,
  OperatorAccountList,
  OperatorGatewayList,
} from '@marvel/shared/api/operator';
import { gatewayKeysHeader } from '@marvel/shared/signature';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge } from '../../../test-support/edge.ts';
import { enrolGateway } from '../../../test-support/gateway.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

async function call(method: string, path: string, body?: unknown) {
  return edge.call(method, `/v1/operator/${path}`, { token: edge.operatorToken, body });
}

describe('accounts', () => {
  test('are found by e-mail address, by id and page by page, with what they have', async () => {
    const one = await edge.signUp(500);
    await edge.call('POST', '/v1/keys', { token: one.token, body: {} });
    const shown = { account_id: one.accountId, email: one.email, status: 'active', balance_bytes: 500, keys: 1 };
    expect((await call('GET', `accounts/${one.accountId}`)).json).toMatchObject(shown);
    const found = await call('GET', `accounts?email=${encodeURIComponent(one.email.toUpperCase())}`);
    expect(v.parse(OperatorAccountList, found.json)).toMatchObject({ data: [shown], next_cursor: null });
    await edge.signUp();
    const first = v.parse(OperatorAccountList, (await call('GET', 'accounts?limit=1')).json);
    const second = v.parse(
      OperatorAccountList,
      (await call('GET', `accounts?limit=1&cursor=${first.next_cursor}`)).json,
    );
    expect(second.data).toMatchObject([shown]);
    expect((await call('GET', 'accounts?email=nobody@example.com')).json).toEqual({ data: [], next_cursor: null });
    expectFailure(await call('GET', 'accounts/acc_nobody'), 'not_found');
  });

  test('show what moved, and the plan of Marvel’s that they are on, not those of their customers', async () => {
    const { accountId, token } = await edge.signUp(500);
    const adjusted = await call('POST', `accounts/${accountId}/adjust`, { bytes: -20, reason: 'a mistake' });
    expect(adjusted.status).toBe(200);
    const ledger = v.parse(LedgerPage, (await call('GET', `accounts/${accountId}/ledger?limit=1`)).json);
    expect(ledger.data).toMatchObject([{ cause: 'adjustment', note: 'a mistake', bytes: -20, balance_bytes: 480 }]);
    expect(ledger.data).toEqual(
      v.parse(LedgerPage, (await edge.call('GET', '/v1/ledger?limit=1', { token })).json).data,
    );
    const next = await call('GET', `accounts/${accountId}/ledger?cursor=${ledger.next_cursor}`);
    expect(v.parse(LedgerPage, next.json).data).toMatchObject([{ balance_bytes: 500 }]);
    expectFailure(await call('GET', 'accounts/acc_nobody/ledger'), 'not_found');
    expectFailure(await edge.call('GET', `/v1/operator/accounts/${accountId}/ledger`, { token }), 'unauthenticated');

    const plan = async () => v.parse(OperatorAccount, (await call('GET', `accounts/${accountId}`)).json).plan;
    const terms = `1000, 100, 'usd', 'month', 1`;
    await edge.database.query(
      `insert into plan (id, account_id, name, bytes, price_cents, currency, interval, interval_count)
         values ('pln_ours', null, 'Pro', ${terms}), ('pln_theirs', $1, 'Own', ${terms})`,
      [accountId],
    );
    await edge.database.query(`insert into customer (id, account_id, name) values ('cus_1', $1, 'Ada')`, [accountId]);
    await edge.database.query(
      `insert into sub_user (id, account_id, username, digest) values ('su_1', $1, 'ada', 'x')`,
      [accountId],
    );
    const subscribe = async (id: string, planId: string, customer: string | null, status: string) =>
      edge.database.query(
        `insert into subscription (id, account_id, plan_id, customer_id, sub_user_id, status, name, bytes, price_cents, currency,
           interval, interval_count, ended_at)
         values ($1, $2, $3, $4::text, case when $4::text is null then null else 'su_1' end, $5::text, 'Pro', ${terms},
           case when $5::text = 'cancelled' then now() end)`,
        [id, accountId, planId, customer, status],
      );
    await subscribe('sub_1', 'pln_theirs', 'cus_1', 'active');
    await subscribe('sub_2', 'pln_ours', null, 'cancelled');
    expect(await plan()).toBeNull();
    await subscribe('sub_3', 'pln_ours', null, 'past_due');
    expect(await plan()).toEqual({ id: 'pln_ours', name: 'Pro', status: 'past_due', current_period_end: null });
    const found = await call('GET', 'accounts');
    expect(v.parse(OperatorAccountList, found.json).data.filter((row) => row.account_id === accountId)).toHaveLength(1);
  });

  test('that are suspended are so at the gateways too, until they are not, and the audit log says why', async () => {
    const { accountId, token } = await edge.signUp(500);
    const record = async () => {
      const [row] = await edge.database.query<{ body: unknown }>(
        `select body from feed_record where kind = 'account' and id = $1`,
        [accountId],
      );
      return row?.body;
    };
    const suspended = await call('POST', `accounts/${accountId}/suspend`, { reason: 'abuse' });
    expect(suspended.json).toMatchObject({ status: 'suspended' });
    expect(await record()).toMatchObject({ status: 'suspended' });
    expect(v.parse(OperatorAccountList, (await call('GET', 'accounts?status=suspended')).json).data).toHaveLength(1);
    expectFailure(
      await edge.call('POST', '/v1/nodes', { token, body: { country: 'US' } }),
      'forbidden',
      'This account is suspended',
    );
    await call('POST', `accounts/${accountId}/unsuspend`, { reason: 'a mistake' });
    expect(await record()).toMatchObject({ status: 'active' });
    const { data } = v.parse(AuditPage, (await call('GET', `audit?target=${accountId}`)).json);
    expect(data.map(({ action, detail }) => [action, detail])).toEqual([
      ['account.unsuspend', { reason: 'a mistake' }],
      ['account.suspend', { reason: 'abuse' }],
    ]);
    expectFailure(await call('POST', `accounts/${accountId}/suspend`, {}), 'invalid', 'reason: is required');
    expectFailure(await call('POST', 'accounts/acc_nobody/suspend', { reason: 'x' }), 'not_found');
  });
});

test('the audit log comes in pages, newest first, and by action', async () => {
  for (const on of [true, false, true, false]) await call('PUT', 'maintenance', { on });
  const first = v.parse(AuditPage, (await call('GET', 'audit?action=fleet.maintenance&limit=3')).json);
  expect(first.data.map(({ detail }) => detail)).toEqual([{ on: false }, { on: true }, { on: false }]);
  const query = `audit?action=fleet.maintenance&limit=3&cursor=${first.next_cursor}`;
  expect(v.parse(AuditPage, (await call('GET', query)).json)).toMatchObject({
    data: [{ detail: { on: true } }],
    next_cursor: null,
  });
});

test('the epoch is raised once by repeats and by two at once, and gateways are told', async () => {
  const { epoch } = v.parse(FleetStatus, (await call('GET', 'fleet')).json);
  const raise = async () => call('POST', 'fleet/epoch', { from: epoch });
  for (const { json } of await Promise.all([raise(), raise(), raise()]))
    expect(json).toMatchObject({ epoch: epoch + 1 });
  expectFailure(await call('POST', 'fleet/epoch', { from: epoch + 7 }), 'conflict', `The epoch is ${epoch + 1}`);
  const gateway = await enrolGateway(edge);
  const page = await edge.call('GET', '/v1/gateway/feed', { token: gateway.token });
  expect(page.json).toMatchObject({ epoch: epoch + 1 });
});

test('a bundle that is retired is no longer on sale, until it is put there again', async () => {
  const terms = { name: 'Large', bytes: 10, price_cents: 100, currency: 'usd' };
  await call('PUT', 'bundles/bnd_aaaa', terms);
  expect((await call('DELETE', 'bundles/bnd_aaaa')).status).toBe(204);
  expectFailure(await call('DELETE', 'bundles/bnd_aaaa'), 'not_found');
  expect((await edge.call('GET', '/v1/bundles')).text).not.toContain('bnd_aaaa');
  const { token } = await edge.signUp();
  expectFailure(
    await edge.call('POST', '/v1/checkout', { token, body: { bundle_id: 'bnd_aaaa' } }),
    'invalid',
    'bundle_id: is not on sale',
  );
  expect((await call('GET', 'bundles')).json).toMatchObject({ data: [{ id: 'bnd_aaaa', active: false, ...terms }] });
  await call('PUT', 'bundles/bnd_aaaa', terms);
  expect((await edge.call('GET', '/v1/bundles')).text).toContain('bnd_aaaa');
});

test('a gateway is listed with the version that it last said, and with none for what no version looks like', async () => {
  const gateway = await enrolGateway(edge);
  const version = async () => {
    const { data } = v.parse(OperatorGatewayList, (await call('GET', 'gateways')).json);
    return data.find(({ id }) => id === gateway.id)?.version;
  };
  const poll = async (agent: string) =>
    edge.call('GET', '/v1/gateway/feed', { token: gateway.token, headers: { 'User-Agent': agent } });
  const becomes = async (wanted: string) => {
    const maxTries = 100;
    // It is noted once the page is sent.
    for (let tries = 0; tries < maxTries && (await version()) !== wanted; tries += 1);
    expect(await version()).toBe(wanted);
  };
  expect(await version()).toBeNull();
  for (const agent of ['curl/8.0', 'marvel-gateway', 'marvel-gateway/<b>', `marvel-gateway/${'1'.repeat(65)}`]) {
    await poll(agent);
  }
  await poll('marvel-gateway/1.4.0');
  await becomes('1.4.0');
  await poll('marvel-gateway/9f2c1ab');
  await becomes('9f2c1ab');
  await poll('marvel-gateway/1.4.0');
  await becomes('1.4.0');
});

test('the keys that gateways say they believe tell which of them can go', async () => {
  const gateway = await enrolGateway(edge);
  const keys = async () => v.parse(FeedKeys, (await call('GET', 'feed-keys')).json);
  const poll = async (names: string) =>
    edge.call('GET', '/v1/gateway/feed', { token: gateway.token, headers: { [gatewayKeysHeader]: names } });
  await poll('test-1');
  await poll('old-key,test-1');
  const maxTries = 100;
  let found = await keys();
  // It is noted once the page is sent.
  for (let tries = 0; tries < maxTries && found.retired.length === 0; tries += 1) found = await keys();
  expect(found).toMatchObject({ current: 'test-1', next: null, may_switch: false, retired: ['old-key'] });
  expect(found.gateways).toContainEqual(expect.objectContaining({ id: gateway.id, knows: ['old-key', 'test-1'] }));
  const { data } = v.parse(OperatorGatewayList, (await call('GET', 'gateways')).json);
  expect(data.find(({ id }) => id === gateway.id)?.feed_behind).toBeGreaterThanOrEqual(0);
});
