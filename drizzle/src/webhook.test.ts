import { WebhookEvent } from '@marvel/shared/api/webhook';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import { id, makeAccount, makeExit, makeKey, TestGateway } from '../test-support/world.ts';

let db: Database;
let gateway: TestGateway;
beforeAll(async () => {
  db = await startDatabase();
  gateway = await TestGateway.enrol(db);
});
afterAll(async () => db[Symbol.asyncDispose]());

async function subscribe(account: string): Promise<string> {
  const endpoint = id('whe');
  await db.query(
    `insert into webhook_endpoint (id, account_id, url, description, secret_seed) values ($1, $2, 'https://hooks.example.com', '', 's')`,
    [endpoint, account],
  );
  return endpoint;
}

/** What an account's endpoint is to hear of: each event is one that `shared` knows, and has one delivery. */
async function events(account: string): Promise<readonly Pick<WebhookEvent, 'type' | 'data'>[]> {
  const rows = await db.query(
    `select a.id, a.type, wire_time(a.created_at) as created_at, a.account_id, a.data
     from account_event a join webhook_delivery d on d.event_id = a.id where a.account_id = $1 order by a.seq`,
    [account],
  );
  return rows.map((row) => v.parse(WebhookEvent, row)).map(({ type, data }) => ({ type, data }));
}

async function adjust(account: string, bytes: number): Promise<void> {
  await db.query('select adjust_balance($1, $2, $3, $4)', [account, bytes, 'test', id('t')]);
}

test('a balance that falls to one that the account wants to hear of is told once for each fall, by the lowest it reached', async () => {
  const account = await makeAccount(db, 1000);
  await subscribe(account);
  await db.query('update budget set low_balance_bytes = $2 where id = $1', [account, [500, 100, 0]]);
  for (const bytes of [-499, -1, -1, 501, -950, -50, -1]) await adjust(account, bytes);
  expect(await events(account)).toEqual([
    { type: 'balance.low', data: { balance_bytes: 500, threshold_bytes: 500 } },
    { type: 'balance.low', data: { balance_bytes: 50, threshold_bytes: 100 } },
    { type: 'balance.low', data: { balance_bytes: 0, threshold_bytes: 0 } },
  ]);
});

test('what fails leaves no event, and a batch sent twice tells of it once', async () => {
  const account = await makeAccount(db, 1000);
  await subscribe(account);
  const key = await makeKey(db, account);
  const exit = await makeExit(db);
  const failing = db.query(`select adjust_balance($1, -1000, $2, $3), set_config('role', 'nobody', true)`, [
    account,
    'test',
    id('t'),
  ]);
  await expect(failing).rejects.toThrow('nobody');
  expect(await events(account)).toEqual([]);
  const parts = { uses: [{ account, credential: key, exit, down: 1000 }], closedAt: new Date().toISOString() };
  const seq = (gateway.seq += 1);
  await Promise.all(Array.from({ length: 8 }, async () => gateway.send(seq, parts)));
  expect(await events(account)).toEqual([{ type: 'balance.low', data: { balance_bytes: 0, threshold_bytes: 0 } }]);
});

test('a cap that is spent is told of once a window, and not when its owner lowers it', async () => {
  const account = await makeAccount(db, 1_000_000_000_000);
  await subscribe(account);
  const key = await makeKey(db, account, { bytes_per_day: 100, bytes_total: 1000 });
  const exit = await makeExit(db);
  const use = async (down: number) => gateway.settle({ uses: [{ account, credential: key, exit, down }] });
  await use(99);
  expect(await events(account)).toEqual([]);
  await use(5);
  await use(5);
  expect(await events(account)).toMatchObject([
    { type: 'cap.reached', data: { credential_id: key, window: 'day', cap_bytes: 100 } },
  ]);
  await db.query(`update budget set window_ends_at = now() - interval '1 second' where id = $1`, [`${key}/day`]);
  await use(100);
  await db.query('update api_key set limits = $2 where id = $1', [key, { bytes_per_day: 100, bytes_total: 10 }]);
  expect((await events(account)).slice(1)).toMatchObject([{ type: 'cap.reached', data: { window: 'day' } }]);
});

test('a payment, refunds, disputes and what is given back are told of in an order that makes sense, whatever came first', async () => {
  const account = await makeAccount(db);
  await subscribe(account);
  const [invoice, payment, reference, early, dispute] = [id('inv'), id('pay'), id('pi'), id('re'), id('dp')];
  await db.query(
    `insert into invoice (id, account_id, description, bytes, amount_cents, currency) values ($1, $2, '', 1000, 500, 'usd')`,
    [invoice, account],
  );
  const call = async (text: string, values: readonly unknown[]) => db.query(text, values);
  await call('select take_back_payment($1, $2, $3, $4)', [early, 'refund', reference, 100]);
  expect(await events(account)).toEqual([]);
  for (let times = 0; times < 3; times += 1) {
    await call('select post_payment($1, $2, $3, $4, $5)', [payment, reference, invoice, 500, 'usd']);
    await call('select take_back_payment($1, $2, $3, $4)', [dispute, 'dispute', reference, 500]);
  }
  for (let times = 0; times < 3; times += 1) {
    await call('select give_back_payment($1, $2, $3)', [dispute, 'dispute', reference]);
  }
  const paid = { payment_id: payment, invoice_id: invoice, amount_cents: 500, currency: 'usd', bytes: 1000 };
  const told = (await events(account)).filter(({ type }) => type !== 'balance.low');
  expect(told).toEqual([
    { type: 'invoice.paid', data: paid },
    { type: 'payment.refunded', data: { ...paid, reference: early, taken_back_bytes: 200 } },
    { type: 'payment.disputed', data: { ...paid, reference: dispute, taken_back_bytes: 1000 } },
    { type: 'payment.restored', data: { ...paid, reference: dispute, taken_back_bytes: 200 } },
  ]);
});

test('a session that moves to another exit is told of, one that only goes on is not', async () => {
  const account = await makeAccount(db);
  await subscribe(account);
  const [one, other] = [await makeExit(db), await makeExit(db)];
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const pin = { account, session: 's', exit: one, generation: 1, expires_at: inAnHour };
  await gateway.settle({ pins: [pin] });
  await gateway.settle({ pins: [{ ...pin, expires_at: new Date(Date.now() + 7_200_000).toISOString() }] });
  expect(await events(account)).toEqual([]);
  const moved = { ...pin, exit: other, generation: 2 };
  await gateway.settle({ pins: [moved] });
  await gateway.settle({ pins: [moved] });
  expect(await events(account)).toEqual([
    {
      type: 'exit.re_pinned',
      data: {
        session: 's',
        generation: 2,
        previous_exit_id: one,
        exit_id: other,
        exit_ip: '192.0.2.1',
        country: 'US',
        expires_at: inAnHour,
      },
    },
  ]);
});

test('each address that a key is used from is told of once, whichever gateways report it, and no more than 1,000', async () => {
  const account = await makeAccount(db);
  await subscribe(account);
  const key = await makeKey(db, account);
  const others = await Promise.all(Array.from({ length: 4 }, async () => TestGateway.enrol(db)));
  const line = (source: string) => ({ credential: key, source_ip: source });
  await gateway.settle({ sources: [line('9.9.9.9')] });
  const both = {
    sources: [line('9.9.9.9'), line('2001:db8:0:1::/64'), { credential: 'key_unknown0', source_ip: '1.1.1.1' }],
  };
  await Promise.all(others.map(async (each) => each.settle(both)));
  expect(await events(account)).toEqual([
    { type: 'key.new_source_ip', data: { credential_id: key, source_ip: '9.9.9.9', first: true } },
    { type: 'key.new_source_ip', data: { credential_id: key, source_ip: '2001:db8:0:1::/64', first: false } },
  ]);
  await db.query(
    `insert into credential_source (credential_id, source) select $1, 'x' || n from generate_series(1, 998) n`,
    [key],
  );
  await gateway.settle({ sources: [line('8.8.8.8')] });
  expect(await events(account)).toHaveLength(2);
});

test.each([
  ['a failed try is noted', `select record_attempt($1, now(), 1, 500, 'status', '', 60000, 1)`],
  ['a delivery is asked for again', `select redeliver(account_id, id, 100) from webhook_delivery where id = $1`],
])('an endpoint is turned off while %s, and neither waits for the other for ever', async (_name, sql) => {
  const account = await makeAccount(db, 1000);
  const endpoint = await subscribe(account);
  await db.query('select publish_event($1, $2, $3)', [
    account,
    'balance.low',
    { balance_bytes: 1, threshold_bytes: 2 },
  ]);
  await db.query('update webhook_endpoint set held_until = now() where id = $1', [endpoint]);
  const delivery = await db.one<{ id: string }>('select id from webhook_delivery where endpoint_id = $1', [endpoint]);
  const owner = await db.begin();
  await owner.query('select from webhook_endpoint where id = $1 for no key update', [endpoint]);
  const other = db.query(sql, [delivery.id]);
  await db.untilBlocked(1);
  await owner.query(`update webhook_endpoint set disabled_at = now(), disabled_reason = 'owner' where id = $1`, [
    endpoint,
  ]);
  await owner.commit();
  await other;
  const after = await db.one('select status, next_attempt_at from webhook_delivery where id = $1', [delivery.id]);
  expect(after).toEqual({ status: 'failed', next_attempt_at: null });
});

test('a delivery that was written while its endpoint was being turned off ends with it', async () => {
  const account = await makeAccount(db, 1000);
  const [endpoint, other] = [await subscribe(account), await subscribe(account)];
  const publisher = await db.begin();
  await publisher.query('select publish_event($1, $2, $3)', [
    account,
    'balance.low',
    { balance_bytes: 1, threshold_bytes: 2 },
  ]);
  await db.query(`update webhook_endpoint set disabled_at = now(), disabled_reason = 'owner' where id = $1`, [
    endpoint,
  ]);
  await publisher.commit();
  await db.query('select sweep(100)');
  const after = await db.query<{ endpoint_id: string; status: string }>(
    'select endpoint_id, status from webhook_delivery where account_id = $1',
    [account],
  );
  expect(Object.fromEntries(after.map((row) => [row.endpoint_id, row.status]))).toEqual({
    [endpoint]: 'failed',
    [other]: 'pending',
  });
});

test('a subscription is told of when its status, period or planned end changes, and not when nothing does', async () => {
  const account = await makeAccount(db);
  await subscribe(account);
  const [plan, subscription] = [id('pln'), id('sbn')];
  const terms = `'10 GB', 1000, 100, 'usd', 'month', 1`;
  await db.query(
    `insert into plan (id, name, bytes, price_cents, currency, interval, interval_count) values ($1, ${terms})`,
    [plan],
  );
  await db.query(
    `insert into subscription (id, plan_id, account_id, status, name, bytes, price_cents, currency, interval, interval_count)
     values ($1, $2, $3, 'past_due', ${terms})`,
    [subscription, plan, account],
  );
  for (const [status, ending, askedAt] of [
    ['active', false, '2026-01-02'],
    ['active', false, '2026-01-03'],
    ['active', true, '2026-01-04'],
    ['cancelled', true, '2026-01-05'],
  ] as const) {
    await db.query('select sync_subscription($1, $2, $3, $4, $5)', [subscription, 'sub_told', status, ending, askedAt]);
  }
  const data = {
    subscription_id: subscription,
    plan_id: plan,
    customer_id: null,
    periods_begun: 0,
    current_period_end: null,
  };
  expect((await events(account)).map((event) => ({ ...event.data }))).toEqual([
    { ...data, status: 'active', cancel_at_period_end: false },
    { ...data, status: 'active', cancel_at_period_end: true },
    { ...data, status: 'cancelled', cancel_at_period_end: true },
  ]);
});
