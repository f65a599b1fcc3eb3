import { assert, asyncProperty, shuffledSubarray } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import { anomalies, balance, id, ledgerProblems, makeAccount } from '../test-support/world.ts';

let db: Database;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(async () => db[Symbol.asyncDispose]());

/** What the invoices here are for. */
const bytes = 1_000_000_007;
const cents = 999;

test('a payment told of 50 times at once is credited once and pays its invoice', async () => {
  const { account, invoice, reference } = await open();
  const outcomes = await Promise.all(Array.from({ length: 50 }, async () => pay(reference, invoice)));
  expect(outcomes.toSorted()).toEqual(['credited', ...Array.from({ length: 49 }, () => 'repeat')]);
  expect(await balance(db, account)).toBe(bytes);
  expect(await db.one('select status, paid_at is not null as is_dated from invoice where id = $1', [invoice])).toEqual({
    status: 'paid',
    is_dated: true,
  });
});

test('refunds and disputes take back in proportion, all of them together everything, and never more', async () => {
  const { account, invoice, reference } = await open();
  await pay(reference, invoice);
  const first = id('re');
  expect(await takeBack(first, reference, 333)).toBe('taken');
  expect(await balance(db, account)).toBe(bytes - Math.floor((bytes * 333) / cents));
  expect(await takeBack(first, reference, 333)).toBe('repeat');
  await takeBack(id('re'), reference, 333);
  await takeBack(id('re'), reference, 333);
  expect(await balance(db, account)).toBe(0);
  await takeBack(id('dp'), reference, cents, 'dispute');
  expect(await balance(db, account)).toBe(0);
});

test('in whatever order and number they come, payment, refunds and disputes end the same', async () => {
  const refund = { kind: 'refund', amount: 100 } as const;
  const events = ['pay', 'refund', 'refund2', 'dispute', 'won', 'pay', 'refund', 'won', 'dispute'] as const;
  const runs: Promise<number>[] = [];
  await assert(
    asyncProperty(
      shuffledSubarray([...events], { minLength: events.length, maxLength: events.length }),
      async (order) => {
        const { account, invoice, reference } = await open();
        const ids = { refund: id('re'), refund2: id('re'), dispute: id('dp') };
        for (const event of order) {
          if (event === 'pay') await pay(reference, invoice);
          else if (event === 'won') await giveBack(ids.dispute, reference);
          else if (event === 'dispute') await takeBack(ids.dispute, reference, 500, 'dispute');
          else await takeBack(ids[event], reference, refund.amount);
        }
        const left = balance(db, account);
        runs.push(left);
        expect(await left).toBe(bytes - Math.floor((bytes * 200) / cents));
      },
    ),
    { numRuns: 40 },
  );
  expect(await ledgerProblems(db)).toEqual([]);
});

test('a payment and its refund told of at once leave nothing, whichever is first', async () => {
  for (let round = 0; round < 20; round += 1) {
    const { account, invoice, reference } = await open();
    await Promise.all([pay(reference, invoice), takeBack(id('re'), reference, cents), pay(reference, invoice)]);
    expect(await balance(db, account)).toBe(0);
  }
});

test('money that does not fit its invoice credits nothing and is left for the operator', async () => {
  const { account, invoice, reference } = await open();
  expect(await pay(reference, invoice, cents - 1)).toBe('amount_mismatch');
  expect(await pay(reference, invoice, cents - 1)).toBe('amount_mismatch');
  expect(await pay(reference, invoice, cents, 'eur')).toBe('amount_mismatch');
  expect(await pay(reference, id('inv'))).toBe('unknown_invoice');
  expect(await balance(db, account)).toBe(0);
  expect(await anomalies(db, reference)).toEqual(['amount_mismatch', 'unknown_invoice']);

  expect(await pay(reference, invoice, cents, 'USD')).toBe('credited');
  const second = id('pi');
  expect(await pay(second, invoice)).toBe('already_paid');
  expect(await balance(db, account)).toBe(bytes);
  expect(await anomalies(db, second)).toEqual(['already_paid']);
});

test('a payment of an invoice that was voided meanwhile is credited', async () => {
  const { account, invoice, reference } = await open();
  await db.query(`update invoice set status = 'void', voided_at = now() where id = $1`, [invoice]);
  expect(await pay(reference, invoice)).toBe('credited');
  expect(await balance(db, account)).toBe(bytes);
});

async function open(): Promise<{ account: string; invoice: string; reference: string }> {
  const account = await makeAccount(db);
  const invoice = id('inv');
  await db.query(
    `insert into invoice (id, account_id, description, bytes, amount_cents, currency) values ($1, $2, '', $3, $4, 'usd')`,
    [invoice, account, bytes, cents],
  );
  return { account, invoice, reference: id('pi') };
}

async function pay(reference: string, invoice: string, amount = cents, currency = 'usd'): Promise<string> {
  return call('select post_payment($1, $2, $3, $4, $5) as outcome', [id('pay'), reference, invoice, amount, currency]);
}

async function takeBack(takeBackId: string, reference: string, amount: number, kind = 'refund'): Promise<string> {
  return call('select take_back_payment($1, $2, $3, $4) as outcome', [takeBackId, kind, reference, amount]);
}

async function giveBack(takeBackId: string, reference: string): Promise<string> {
  return call('select give_back_payment($1, $2, $3) as outcome', [takeBackId, 'dispute', reference]);
}

async function call(text: string, values: readonly unknown[]): Promise<string> {
  return (await db.one<{ outcome: string }>(text, values)).outcome;
}
