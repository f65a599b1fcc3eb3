import { Customer, CustomerList } from '@marvel/shared/api/customer';
import { Plan, PlanList } from '@marvel/shared/api/plan';
import { CreatedSubUser, SubUser, SubUserList } from '@marvel/shared/api/sub-user';
import { Subscription, SubscriptionList } from '@marvel/shared/api/subscription';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const someone = await edge.signUp();

const gb = 1_000_000_000;
const terms = { name: '5 GB', bytes: 5 * gb, price_cents: 1000, currency: 'usd', interval: 'month', threads: 20 };

async function makePlan({ token }: SignedUp, more: object = {}) {
  const reply = await edge.call('POST', '/v1/plans', { token, body: { ...terms, ...more } });
  expect(reply.status).toBe(201);
  return v.parse(Plan, reply.json);
}

async function makeSubUser({ token }: SignedUp) {
  const body = { username: `u_${Math.random().toString(36).slice(2)}`, limits: { countries: ['US'] } };
  return v.parse(CreatedSubUser, (await edge.call('POST', '/v1/sub-users', { token, body })).json);
}

async function makeCustomer({ token }: SignedUp, body: object) {
  const reply = await edge.call('POST', '/v1/customers', { token, body });
  expect(reply.status).toBe(201);
  return v.parse(Customer, reply.json);
}

/** A customer with a sub-user, on a plan. */
async function subscribe(account: SignedUp, more: object = {}) {
  const plan = await makePlan(account, more);
  const subUser = await makeSubUser(account);
  const customer = await makeCustomer(account, { name: 'Ann', sub_user_id: subUser.id });
  const body = { plan_id: plan.id, customer_id: customer.id };
  const reply = await edge.call('POST', '/v1/subscriptions', { token: account.token, body });
  expect(reply.status).toBe(201);
  return { plan, subUser, customer, subscription: v.parse(Subscription, reply.json) };
}

async function limitsOf({ token }: SignedUp, id: string) {
  const { data } = v.parse(SubUserList, (await edge.call('GET', '/v1/sub-users', { token })).json);
  return data.find((user) => user.id === id)?.limits;
}

async function step({ token }: SignedUp, id: string, name: string, body?: object) {
  return edge.call('POST', `/v1/subscriptions/${id}/${name}`, { token, body });
}

async function show({ token }: SignedUp, id: string) {
  return v.parse(Subscription, (await edge.call('GET', `/v1/subscriptions/${id}`, { token })).json);
}

/** As if a subscription had begun so many days earlier. */
async function age(id: string, days: number): Promise<void> {
  await edge.database.query(
    `update subscription set created_at = created_at - $2 * interval '1 day',
       current_period_start = current_period_start - $2 * interval '1 day',
       current_period_end = subscription_period(created_at - $2 * interval '1 day', interval, interval_count, 1) where id = $1`,
    [id, days],
  );
}

/** As if a sub-user had used so many bytes. */
async function use({ accountId }: SignedUp, subUser: string, bytes: number): Promise<void> {
  await edge.database.query(
    `with used as (insert into usage_rollup (account_id, hour, credential_id, dialect, test, bytes_up, bytes_down, connections)
       values ($1, date_trunc('hour', now()), $2, 'marvel', false, $3, 0, 1))
     update budget set balance_bytes = balance_bytes - $3 where credential_id = $2`,
    [accountId, subUser, bytes],
  );
}

async function left(subUser: string): Promise<number> {
  const [row] = await edge.database.query<{ left: string }>(
    `select balance_bytes as left from budget where id = $1 || '/total'`,
    [subUser],
  );
  return Number(row?.left);
}

describe('/v1/plans', () => {
  test('an account sees its own and those of Marvel on offer, page by page, and nobody else’s', async () => {
    const account = await edge.signUp();
    const own = [await makePlan(account), await makePlan(account, { name: 'second' })];
    await makePlan(someone);
    const marvels = await edge.call('POST', '/v1/operator/plans', { token: edge.operatorToken, body: terms });
    const { id: marvelId } = v.parse(Plan, marvels.json);
    const list = async (query: string) =>
      v.parse(PlanList, (await edge.call('GET', `/v1/plans?${query}`, { token: account.token })).json);
    expect((await list('owner=account')).data.map(({ id }) => id)).toEqual([own[1]?.id, own[0]?.id]);
    expect((await list('owner=marvel')).data).toMatchObject([{ id: marvelId, owner: 'marvel' }]);
    const first = await list('limit=2');
    const second = await list(`limit=2&cursor=${first.next_cursor}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual([marvelId, own[1]?.id, own[0]?.id]);
    expect(second.next_cursor).toBeNull();

    const patched = await edge.call('PATCH', `/v1/operator/plans/${marvelId}`, {
      token: edge.operatorToken,
      body: { active: false },
    });
    expect(v.parse(Plan, patched.json).active).toBe(false);
    expect((await list('owner=marvel')).data).toEqual([]);
    const all = await edge.call('GET', '/v1/operator/plans', { token: edge.operatorToken });
    expect(v.parse(PlanList, all.json).data).toMatchObject([{ id: marvelId, active: false }]);
    const audited = await edge.database.query('select action from operator_audit where target = $1 order by id', [
      marvelId,
    ]);
    expect(audited).toEqual([{ action: 'plan.create' }, { action: 'plan.update' }]);
  });

  test.each([
    [{ ...terms, bytes: 0 }, 'bytes: must be at least 1'],
    [
      { ...terms, currency: 'dollar' },
      'currency: must be the code of a currency (ISO 4217) in lower case, such as usd',
    ],
    [{ ...terms, interval: 'decade' }, 'interval: must be one of ("day" | "week" | "month" | "year")'],
    [{ ...terms, interval_count: 13 }, 'interval_count: must make a period of a year at most'],
    [{ ...terms, periods: 0 }, 'periods: must be at least 1'],
  ])('POST names the field of %o', async (body, message) => {
    expectFailure(await edge.call('POST', '/v1/plans', { token: someone.token, body }), 'invalid', message);
  });

  test('an Idempotency-Key makes one plan', async () => {
    const account = await edge.signUp();
    const make = async () =>
      edge.call('POST', '/v1/plans', { token: account.token, body: terms, headers: { 'Idempotency-Key': 'p1' } });
    const replies = await Promise.all([make(), make(), make()]);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(await edge.database.query('select id from plan where account_id = $1', [account.accountId])).toHaveLength(1);
  });

  test('a plan of another account and of Marvel cannot be changed, and another’s not be seen', async () => {
    const { id } = await makePlan(someone);
    const { token } = await edge.signUp();
    for (const planId of [id, 'pln_00000000000000000000']) {
      expectFailure(await edge.call('GET', `/v1/plans/${planId}`, { token }), 'not_found');
      expectFailure(await edge.call('PATCH', `/v1/plans/${planId}`, { token, body: { name: 'x' } }), 'not_found');
    }
    const [marvels] = await edge.database.query<{ id: string }>('select id from plan where account_id is null');
    const path = `/v1/plans/${marvels?.id}`;
    expectFailure(await edge.call('PATCH', path, { token, body: { name: 'x' } }), 'not_found');
    const renamed = await edge.call('PATCH', `/v1/plans/${id}`, { token: someone.token, body: { name: 'new' } });
    expect(v.parse(Plan, renamed.json)).toMatchObject({ name: 'new', bytes: terms.bytes });
  });
});

describe('/v1/customers', () => {
  test('are written, listed, changed and deleted; a reference is one customer’s at a time', async () => {
    const account = await edge.signUp();
    const { token } = account;
    const ann = await makeCustomer(account, { name: 'Ann', email: 'Ann@Example.com', reference: 'crm-1' });
    const bob = await makeCustomer(account, { name: 'Bob' });
    expect(ann).toMatchObject({ email: 'ann@example.com', reference: 'crm-1', sub_user_id: null });
    const body = { name: 'Eve', reference: 'crm-1' };
    expectFailure(
      await edge.call('POST', '/v1/customers', { token, body }),
      'conflict',
      'reference: is another customer’s',
    );
    const listed = v.parse(CustomerList, (await edge.call('GET', '/v1/customers?limit=1', { token })).json);
    expect(listed).toMatchObject({ data: [{ id: bob.id }] });
    expect(listed.next_cursor).not.toBeNull();
    const patched = await edge.call('PATCH', `/v1/customers/${ann.id}`, { token, body: { email: null } });
    expect(v.parse(Customer, patched.json)).toMatchObject({ name: 'Ann', email: null, reference: 'crm-1' });
    expect((await edge.call('DELETE', `/v1/customers/${ann.id}`, { token })).status).toBe(204);
    expectFailure(await edge.call('GET', `/v1/customers/${ann.id}`, { token }), 'not_found');
    await makeCustomer(account, body);
  });

  test('a sub-user is one customer’s at a time, and the account’s own', async () => {
    const account = await edge.signUp();
    const { token } = account;
    const { id } = await makeSubUser(account);
    await makeCustomer(account, { name: 'Ann', sub_user_id: id });
    const post = async (subUserId: string) =>
      edge.call('POST', '/v1/customers', { token, body: { name: 'Bob', sub_user_id: subUserId } });
    expectFailure(await post(id), 'conflict', 'sub_user_id: is another customer’s');
    const { id: foreign } = await makeSubUser(someone);
    expectFailure(await post(foreign), 'invalid', 'sub_user_id: is no sub-user of this account');
  });

  test('an absent, a deleted and another account’s customer are answered alike', async () => {
    const { id } = await makeCustomer(someone, { name: 'Ann' });
    const { token } = await edge.signUp();
    for (const customerId of [id, 'cst_00000000000000000000']) {
      expectFailure(await edge.call('GET', `/v1/customers/${customerId}`, { token }), 'not_found');
      expectFailure(await edge.call('PATCH', `/v1/customers/${customerId}`, { token, body: {} }), 'not_found');
      expectFailure(await edge.call('DELETE', `/v1/customers/${customerId}`, { token }), 'not_found');
    }
  });
});

describe('a customer on a plan', () => {
  test('has the plan’s bytes and threads beside its other limits, at once and again every period', async () => {
    const account = await edge.signUp();
    const { subUser, subscription, customer, plan } = await subscribe(account);
    expect(subscription).toMatchObject({
      status: 'active',
      plan_id: plan.id,
      customer_id: customer.id,
      periods_begun: 1,
      checkout_url: null,
    });
    expect(await show(account, subscription.id)).toEqual(subscription);
    expect(await limitsOf(account, subUser.id)).toEqual({ countries: ['US'], bytes_total: 5 * gb, threads: 20 });
    await use(account, subUser.id, 2 * gb);
    await age(subscription.id, 40);
    await edge.runScheduled();
    // What was left is gone; what was used stays used.
    expect(await limitsOf(account, subUser.id)).toMatchObject({ bytes_total: 7 * gb });
    expect(await left(subUser.id)).toBe(5 * gb);
    const next = await show(account, subscription.id);
    expect(next).toMatchObject({ status: 'active', periods_begun: 2 });
    expect(Date.parse(next.current_period_end ?? '')).toBeGreaterThan(Date.now());
    await edge.runScheduled();
    expect((await show(account, subscription.id)).periods_begun).toBe(2);
  });

  test('is kept out while paused, and let in when resumed, in a new period if the old one is over', async () => {
    const account = await edge.signUp();
    const { subUser, subscription } = await subscribe(account);
    await use(account, subUser.id, gb);
    expect(v.parse(Subscription, (await step(account, subscription.id, 'pause')).json).status).toBe('paused');
    expect(await limitsOf(account, subUser.id)).toMatchObject({ paused: true });
    expectFailure(
      await step(account, subscription.id, 'pause'),
      'conflict',
      'Not possible for a subscription that is paused',
    );
    await step(account, subscription.id, 'resume');
    expect(await limitsOf(account, subUser.id)).not.toHaveProperty('paused');
    expect(await left(subUser.id)).toBe(4 * gb);

    await step(account, subscription.id, 'pause');
    await age(subscription.id, 100);
    await edge.runScheduled();
    expect(await show(account, subscription.id)).toMatchObject({ status: 'paused', periods_begun: 1 });
    const resumed = v.parse(Subscription, (await step(account, subscription.id, 'resume')).json);
    expect(resumed).toMatchObject({ status: 'active', periods_begun: 2 });
    expect(await left(subUser.id)).toBe(5 * gb);
  });

  test('is kept out once cancelled, at once or when the period ends, and stays so', async () => {
    const account = await edge.signUp();
    const now = await subscribe(account);
    const cancelled = v.parse(Subscription, (await step(account, now.subscription.id, 'cancel')).json);
    expect(cancelled).toMatchObject({ status: 'cancelled' });
    expect(cancelled.ended_at).not.toBeNull();
    expect(await limitsOf(account, now.subUser.id)).toMatchObject({ paused: true });
    for (const name of ['pause', 'resume', 'cancel']) {
      expectFailure(
        await step(account, now.subscription.id, name),
        'conflict',
        'Not possible for a subscription that is cancelled',
      );
    }
    expect(await show(account, now.subscription.id)).toEqual(cancelled);

    const later = await subscribe(account);
    const ending = await step(account, later.subscription.id, 'cancel', { at_period_end: true });
    expect(v.parse(Subscription, ending.json)).toMatchObject({ status: 'active', cancel_at_period_end: true });
    await age(later.subscription.id, 40);
    await edge.runScheduled();
    expect(await show(account, later.subscription.id)).toMatchObject({ status: 'cancelled', periods_begun: 1 });
    expect(await limitsOf(account, later.subUser.id)).toMatchObject({ paused: true });
  });

  test('is completed after the last of its periods', async () => {
    const account = await edge.signUp();
    const { subscription, subUser } = await subscribe(account, { periods: 2, interval: 'day' });
    await age(subscription.id, 1);
    await edge.runScheduled();
    expect(await show(account, subscription.id)).toMatchObject({ status: 'active', periods_begun: 2 });
    await age(subscription.id, 1);
    await edge.runScheduled();
    expect(await show(account, subscription.id)).toMatchObject({ status: 'completed', periods_begun: 2 });
    expect(await limitsOf(account, subUser.id)).toMatchObject({ paused: true });
  });

  test('keeps its sub-user and its limits, and is not deleted; without the sub-user it is cancelled', async () => {
    const account = await edge.signUp();
    const { token } = account;
    const { subscription, subUser, customer } = await subscribe(account);
    const path = `/v1/customers/${customer.id}`;
    const busy = 'The customer has a subscription that goes on';
    expectFailure(await edge.call('DELETE', path, { token }), 'conflict', busy);
    expectFailure(await edge.call('PATCH', path, { token, body: { sub_user_id: null } }), 'conflict', busy);
    const patch = async (body: object) => edge.call('PATCH', `/v1/sub-users/${subUser.id}`, { token, body });
    expectFailure(await patch({ limits: {} }), 'conflict', 'limits: follow the plan of its subscription');
    expect(v.parse(SubUser, (await patch({ first_name: 'Ann' })).json).first_name).toBe('Ann');
    expect((await edge.call('DELETE', `/v1/sub-users/${subUser.id}`, { token })).status).toBe(204);
    expect((await show(account, subscription.id)).status).toBe('cancelled');
    expect(v.parse(Customer, (await edge.call('GET', path, { token })).json).sub_user_id).toBeNull();
    expect((await edge.call('DELETE', path, { token })).status).toBe(204);
  });

  test('has one subscription at a time, also when asked for at once; an Idempotency-Key makes one', async () => {
    const account = await edge.signUp();
    const { token } = account;
    const plan = await makePlan(account);
    const { id: subUserId } = await makeSubUser(account);
    const customer = await makeCustomer(account, { name: 'Ann', sub_user_id: subUserId });
    const body = { plan_id: plan.id, customer_id: customer.id };
    const post = async (headers = {}) => edge.call('POST', '/v1/subscriptions', { token, body, headers });
    const replies = await Promise.all([post(), post(), post()]);
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    const { data } = v.parse(SubscriptionList, (await edge.call('GET', '/v1/subscriptions', { token })).json);
    await step(account, data[0]?.id ?? '', 'cancel');
    const once = { 'Idempotency-Key': 's1' };
    const repeated = await Promise.all([post(once), post(once)]);
    expect(repeated.map(({ status }) => status)).toEqual([201, 201]);
    expect(new Set(repeated.map(({ text }) => text)).size).toBe(1);
    expect(await left(subUserId)).toBe(5 * gb);
  });

  test('is listed by status, plan and customer', async () => {
    const account = await edge.signUp();
    const first = await subscribe(account);
    const second = await subscribe(account);
    await step(account, first.subscription.id, 'pause');
    const list = async (query: string) => {
      const reply = await edge.call('GET', `/v1/subscriptions?${query}`, { token: account.token });
      return v.parse(SubscriptionList, reply.json).data.map(({ id }) => id);
    };
    expect(await list('')).toEqual([second.subscription.id, first.subscription.id]);
    expect(await list('status=paused')).toEqual([first.subscription.id]);
    expect(await list(`plan_id=${second.plan.id}`)).toEqual([second.subscription.id]);
    expect(await list(`customer_id=${first.customer.id}`)).toEqual([first.subscription.id]);
  });

  test('POST names the field that is wrong', async () => {
    const account = await edge.signUp();
    const { token } = account;
    const plan = await makePlan(account);
    const bare = await makeCustomer(account, { name: 'Ann' });
    const foreign = await makeCustomer(someone, { name: 'Bob' });
    const foreignPlan = await makePlan(someone);
    const inactive = await makePlan(account);
    await edge.call('PATCH', `/v1/plans/${inactive.id}`, { token, body: { active: false } });
    const rows: readonly [object, string][] = [
      [{}, 'plan_id: is required'],
      [{ plan_id: foreignPlan.id, customer_id: bare.id }, 'plan_id: is no plan on offer'],
      [{ plan_id: inactive.id, customer_id: bare.id }, 'plan_id: is no plan on offer'],
      [{ plan_id: plan.id }, 'customer_id: is required for a plan of your own'],
      [{ plan_id: plan.id, customer_id: foreign.id }, 'customer_id: is no customer of this account'],
      [{ plan_id: plan.id, customer_id: bare.id }, 'customer_id: has no sub-user whose limits could follow the plan'],
    ];
    for (const [body, message] of rows) {
      expectFailure(await edge.call('POST', '/v1/subscriptions', { token, body }), 'invalid', message);
    }
  });

  test('an absent and another account’s subscription are answered alike', async () => {
    const { subscription } = await subscribe(someone);
    const account = await edge.signUp();
    for (const id of [subscription.id, 'sbn_00000000000000000000']) {
      expectFailure(await edge.call('GET', `/v1/subscriptions/${id}`, { token: account.token }), 'not_found');
      for (const name of ['pause', 'resume', 'cancel']) expectFailure(await step(account, id, name), 'not_found');
    }
    expect((await show(someone, subscription.id)).status).toBe('active');
  });
});
