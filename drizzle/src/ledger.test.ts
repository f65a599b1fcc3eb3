import { afterAll, beforeAll, expect, test } from 'vitest';
import { array, assert, asyncProperty, constantFrom, integer, tuple } from 'fast-check';
import { startDatabase, type Database } from '../test-support/database.ts';
import {
  balance,
  type BatchParts,
  id,
  ledgerProblems,
  makeAccount,
  makeExit,
  makeKey,
  TestGateway,
} from '../test-support/world.ts';

let db: Database;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(async () => db[Symbol.asyncDispose]());

const openTransaction = `insert into ledger_transaction (cause, reference) values ('expiry', $1) returning id`;
const addEntries = 'insert into ledger_entry (ledger_account_id, transaction_id, bytes) values';

test('entries that do not sum to zero, or name nobody, are refused', async () => {
  const account = await makeAccount(db);
  const { id: transaction } = await db.one<{ id: string }>(openTransaction, [id('t')]);
  await expect(db.query(`${addEntries} ($1, $2, 5)`, [account, transaction])).rejects.toMatchObject({ code: '23514' });
  await expect(
    db.query(`${addEntries} ($1, $2, 5), ('sys_expiry', $2, -6)`, [account, transaction]),
  ).rejects.toMatchObject({ code: '23514' });
  await expect(
    db.query(`${addEntries} ('acc_nobody', $1, 5), ('sys_expiry', $1, -5)`, [transaction]),
  ).rejects.toMatchObject({ code: '23503' });
  await expect(
    db.query(`${addEntries} ($1, 987654321, 5), ('sys_expiry', 987654321, -5)`, [account]),
  ).rejects.toMatchObject({ code: '23503' });
  await expect(
    db.query(`${addEntries} ($1, $2, 0), ('sys_expiry', $2, 0)`, [account, transaction]),
  ).rejects.toMatchObject({ code: '23514' });
  expect(await balance(db, account)).toBe(0);
  await db.query(`${addEntries} ($1, $2, 5), ('sys_expiry', $2, -5)`, [account, transaction]);
  expect(await balance(db, account)).toBe(5);
});

test('what is in the ledger, and what batches were settled, can neither be changed nor removed', async () => {
  await makeAccount(db, 10);
  await (await TestGateway.enrol(db)).settle({});
  for (const table of ['ledger_transaction', 'ledger_entry', 'usage_batch']) {
    for (const statement of [`delete from ${table}`, `truncate ${table} cascade`]) {
      await expect(db.query(statement)).rejects.toMatchObject({ code: '23001' });
    }
  }
  await expect(db.query('update ledger_entry set bytes = bytes * 2')).rejects.toMatchObject({ code: '23001' });
  await expect(db.query(`update ledger_transaction set note = ''`)).rejects.toMatchObject({ code: '23001' });
  await expect(db.query(`update usage_batch set reply = ''`)).rejects.toMatchObject({ code: '23001' });
});

test('an adjustment sent 50 times at once is made once', async () => {
  const account = await makeAccount(db);
  const adjust = async (bytes: number) =>
    db.one<{ outcome: string; balance_bytes: string }>('select * from adjust_balance($1, $2, $3, $4)', [
      account,
      bytes,
      'gift',
      'key',
    ]);
  const made = await Promise.all(Array.from({ length: 50 }, async () => adjust(700)));
  expect(made.filter(({ outcome }) => outcome === 'adjusted')).toHaveLength(1);
  expect(made.filter(({ outcome }) => outcome === 'repeat')).toHaveLength(49);
  expect(new Set(made.map((row) => row.balance_bytes))).toEqual(new Set(['700']));
  expect(await adjust(701)).toMatchObject({ outcome: 'conflict' });
  expect(await db.one('select outcome from adjust_balance($1, 1, $2, $2)', [id('acc'), 'x'])).toEqual({
    outcome: 'not_found',
  });
  expect(await balance(db, account)).toBe(700);
});

test('after any mixture of adjustments, usage, payments and refunds at once, the ledger adds up', async () => {
  const accounts = await Promise.all(Array.from({ length: 4 }, async () => makeAccount(db, 1_000_000)));
  const keys = await Promise.all(accounts.map(async (account) => makeKey(db, account)));
  const gateways = await Promise.all(Array.from({ length: 3 }, async () => TestGateway.enrol(db)));
  const exit = await makeExit(db);
  const step = tuple(
    constantFrom('adjust', 'use', 'pay', 'refund'),
    integer({ min: 0, max: 3 }),
    integer({ min: 1, max: 5000 }),
  );
  const paid: string[] = [];

  async function adjust(account: string, amount: number): Promise<void> {
    await db.query('select adjust_balance($1, $2, $3, $4)', [
      account,
      amount % 2 === 0 ? amount : -amount,
      'x',
      id('t'),
    ]);
  }
  async function pay(account: string, amount: number): Promise<void> {
    const [invoice, reference] = [id('inv'), id('pi')];
    await db.query(
      `insert into invoice (id, account_id, description, bytes, amount_cents, currency) values ($1, $2, '', $3, 100, 'usd')`,
      [invoice, account, amount],
    );
    await db.query('select post_payment($1, $2, $3, 100, $4)', [id('pay'), reference, invoice, 'usd']);
    paid.push(reference);
  }
  async function refund(amount: number): Promise<void> {
    await db.query('select take_back_payment($1, $2, $3, $4)', [
      id('re'),
      'refund',
      paid.at(-1) ?? 'pi_none',
      amount % 100,
    ]);
  }

  await assert(
    asyncProperty(array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      const batches = new Map<TestGateway, Promise<void>>();
      await Promise.all(
        steps.map(async ([kind, index, amount]) => {
          const account = accounts[index] ?? '';
          if (kind === 'adjust') return adjust(account, amount);
          if (kind === 'pay') return pay(account, amount);
          if (kind === 'refund') return refund(amount);
          const gateway = gateways[amount % gateways.length] as TestGateway;
          const uses = accounts.map((each, n) => ({
            account: each,
            credential: keys[n] ?? '',
            exit,
            down: amount + n,
          }));
          const before = batches.get(gateway);
          const next = settleAfter(before, gateway, { uses, lines: [{ budget: account, wanted: amount }] });
          batches.set(gateway, next);
          return next;
        }),
      );
      expect(await ledgerProblems(db)).toEqual([]);
    }),
    { numRuns: 8 },
  );
});

test('each entry keeps what the balance was after it, also when many are posted at once', async () => {
  const account = await makeAccount(db, 1000);
  const credential = await makeKey(db, account);
  const exit = await makeExit(db);
  const gateways = await Promise.all(Array.from({ length: 4 }, async () => TestGateway.enrol(db)));
  await Promise.all(
    gateways.map(async (gateway, n) => gateway.settle({ uses: [{ account, credential, exit, up: 10 + n }] })),
  );
  const entries = await db.query<{ bytes: string; balance_bytes: string }>(
    'select bytes, balance_bytes from ledger_entry where ledger_account_id = $1 order by transaction_id',
    [account],
  );
  let sum = 0;
  for (const entry of entries) {
    sum += Number(entry.bytes);
    expect(Number(entry.balance_bytes)).toBe(sum);
  }
  expect([entries.length, sum]).toEqual([5, 1000 - 46]);
  expect(await balance(db, account)).toBe(sum);
});

test('the check finds a balance and a transaction that were tampered with', async () => {
  const account = await makeAccount(db, 5);
  const other = await makeAccount(db, 7);
  const tampered = await db.begin();
  await tampered.query('update budget set balance_bytes = 6 where id = $1', [account]);
  await tampered.query('alter table ledger_entry disable trigger user');
  await tampered.query(
    `update ledger_entry set bytes = -4 where ledger_account_id = 'sys_adjustments'
       and transaction_id = (select transaction_id from ledger_entry where ledger_account_id = $1)`,
    [account],
  );
  await tampered.query('update ledger_entry set balance_bytes = 8 where ledger_account_id = $1', [other]);
  await tampered.query('alter table ledger_entry enable trigger user');
  await tampered.commit();
  const problems = await db.query<{ problem: string; id: string }>('select problem, id from ledger_check()');
  expect(problems.map(({ problem }) => problem)).toEqual([
    'transaction does not sum to zero',
    'balance is not the sum of the entries',
    'balance after an entry is not the sum up to it',
  ]);
  expect(problems[1]?.id).toBe(account);
  expect(problems[2]?.id).toContain(`${other}/`);
});

/** A gateway posts one batch after the other. */
async function settleAfter(before: Promise<void> | undefined, gateway: TestGateway, parts: BatchParts): Promise<void> {
  await before;
  await gateway.settle(parts);
}
