import { isAllowedChange, subscriptionStatuses } from '@marvel/shared/subscription-transition';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import { balance, id, makeAccount } from '../test-support/world.ts';

let db: Database;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(async () => db[Symbol.asyncDispose]());

const gb = 1_000_000_000;

async function makeSubscription(account: string, status = 'past_due', periods: number | null = null): Promise<string> {
  const plan = id('pln');
  const subscription = id('sbn');
  const terms = `'10 GB', $2, 1000, 'usd', 'month', 1, $3`;
  await db.query(
    `insert into plan (id, name, bytes, price_cents, currency, interval, interval_count, periods) values ($1, ${terms})`,
    [plan, 10 * gb, periods],
  );
  await db.query(
    `insert into subscription (id, plan_id, account_id, status, ended_at, name, bytes, price_cents, currency, interval, interval_count, periods)
     values ($1, $4, $5, $6, case when is_subscription_over($6) then now() end, ${terms})`,
    [subscription, 10 * gb, periods, plan, account, status],
  );
  return subscription;
}

async function sync(subscription: string, status: string, askedAt: string, stripe = `sub_${subscription}`) {
  const values = [subscription, stripe, status, false, askedAt];
  return (await db.one<{ outcome: string }>('select sync_subscription($1, $2, $3, $4, $5) as outcome', values)).outcome;
}

async function statusOf(subscription: string): Promise<string> {
  return (await db.one<{ status: string }>('select status from subscription where id = $1', [subscription])).status;
}

async function expire(): Promise<void> {
  await db.query('select expire_payments(100)');
}

interface Billed {
  readonly invoice?: string;
  readonly status?: string;
  readonly reference?: string;
  readonly start?: string;
  readonly end?: string;
}

async function bill(subscription: string, given: Billed = {}) {
  const { invoice = id('in'), status = 'paid', reference = id('pi') } = given;
  const { start = '2026-01-01T00:00:00Z', end = '2126-02-01T00:00:00Z' } = given;
  const { outcome } = await db.one<{ outcome: string }>(
    `select post_subscription_invoice($1, $2, $3, $4, $5, $6, 1000, 'usd', $7, $8, null) as outcome`,
    [id('inv'), id('pay'), subscription, invoice, status, reference, start, end],
  );
  return { outcome, invoice, reference };
}

test('the database lets a status change exactly as the shared table has it', async () => {
  for (const from of subscriptionStatuses) {
    for (const to of subscriptionStatuses) {
      if (from === to) continue;
      const subscription = await makeSubscription(await makeAccount(db), from);
      const change = db.query('update subscription set status = $2 where id = $1', [subscription, to]);
      const outcome = await change.then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ constraint: 'subscription_transition' });
          return false;
        },
      );
      expect([from, to, outcome]).toEqual([from, to, isAllowedChange(from, to)]);
    }
  }
});

test('of what the provider said the word of the latest question stands, whichever comes last', async () => {
  const subscription = await makeSubscription(await makeAccount(db));
  expect(await sync(subscription, 'active', '2026-01-02')).toBe('synced');
  expect(await sync(subscription, 'past_due', '2026-01-01')).toBe('stale');
  expect(await statusOf(subscription)).toBe('active');
  expect(await sync(subscription, 'cancelled', '2026-01-03')).toBe('synced');
  expect(await sync(subscription, 'active', '2026-01-04')).toBe('still_runs');
  expect(await statusOf(subscription)).toBe('cancelled');
});

test('a second subscription under the name of the first, and one that there is not, change nothing and are noted', async () => {
  const subscription = await makeSubscription(await makeAccount(db));
  await sync(subscription, 'active', '2026-01-02');
  expect(await sync(subscription, 'cancelled', '2026-01-03', 'sub_other')).toBe('second_subscription');
  expect(await statusOf(subscription)).toBe('active');
  expect(await sync('sbn_none', 'active', '2026-01-03', 'sub_none')).toBe('unknown_subscription');
  expect((await bill('sbn_none')).outcome).toBe('unknown_subscription');
  const noted = await db.query(`select kind from anomaly where source in ('sub_other', 'sub_none') order by kind`);
  expect(noted).toEqual([{ kind: 'second_subscription' }, { kind: 'unknown_subscription' }]);
});

test('a paid period is credited once, however often and at once it is told', async () => {
  const account = await makeAccount(db);
  const subscription = await makeSubscription(account);
  const told = { invoice: id('in'), reference: id('pi') };
  const outcomes = await Promise.all(Array.from({ length: 30 }, async () => (await bill(subscription, told)).outcome));
  expect(outcomes.toSorted()).toEqual(['credited', ...Array.from({ length: 29 }, () => 'repeat')]);
  expect(await balance(db, account)).toBe(10 * gb);
});

test('an invoice only goes forward, and is credited when it is paid after all', async () => {
  const account = await makeAccount(db);
  const subscription = await makeSubscription(account);
  const invoice = id('in');
  const states: string[] = [];
  for (const status of ['open', 'uncollectible', 'open', 'paid', 'void']) {
    await bill(subscription, { invoice, status, reference: 'pi_forward' });
    const row = await db.one<{ status: string }>('select status from invoice where stripe_invoice_id = $1', [invoice]);
    states.push(row.status);
  }
  expect(states).toEqual(['open', 'uncollectible', 'uncollectible', 'paid', 'paid']);
  expect(await balance(db, account)).toBe(10 * gb);
});

test('the last of its periods makes an ended subscription a completed one', async () => {
  const subscription = await makeSubscription(await makeAccount(db), 'past_due', 1);
  await bill(subscription);
  await sync(subscription, 'cancelled', '2026-01-02');
  expect(await statusOf(subscription)).toBe('completed');
});

test('a new period takes the place of what was left of the one before, and of nothing else', async () => {
  const account = await makeAccount(db, 3 * gb);
  const subscription = await makeSubscription(account);
  await bill(subscription, { start: '2026-01-01', end: '2026-02-01' });
  expect(await balance(db, account)).toBe(13 * gb);
  await bill(subscription, { start: '2026-02-01', end: '2126-03-01' });
  expect(await balance(db, account)).toBe(13 * gb);
  await expire();
  expect(await balance(db, account)).toBe(13 * gb);
});

test('what was refunded does not expire as well, and what expired is not refunded as well', async () => {
  const first = await makeAccount(db);
  const refunded = await bill(await makeSubscription(first), { end: '2026-02-01' });
  await db.query(`select take_back_payment($1, 'refund', $2, 300)`, [id('re'), refunded.reference]);
  await expire();
  expect(await balance(db, first)).toBe(0);

  const second = await makeAccount(db);
  const expired = await bill(await makeSubscription(second), { end: '2026-02-01' });
  await expire();
  await db.query(`select take_back_payment($1, 'refund', $2, 1000)`, [id('re'), expired.reference]);
  expect(await balance(db, second)).toBe(0);
  expect(await db.query('select * from books_check()')).toEqual([]);
});

test('the tunnels of a plan are the account’s while it goes on, unless it has fewer of its own', async () => {
  const account = await makeAccount(db);
  const subscription = await makeSubscription(account);
  await db.query('update subscription set threads = 50 where id = $1', [subscription]);
  const threads = async () =>
    (
      await db.one<{ threads: number | null }>(
        `select (body ->> 'threads')::integer as threads from feed_record where kind = 'account' and id = $1`,
        [account],
      )
    ).threads;
  await sync(subscription, 'active', '2026-01-02');
  expect(await threads()).toBe(50);
  await db.query('update account set threads = 20 where id = $1', [account]);
  expect(await threads()).toBe(20);
  await db.query('update account set threads = null where id = $1', [account]);
  await sync(subscription, 'cancelled', '2026-01-03');
  expect(await threads()).toBeNull();
});
