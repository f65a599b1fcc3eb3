import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import { bookProblems, id, makeAccount, makeExit, makeKey, TestGateway } from '../test-support/world.ts';

let db: Database;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(async () => db[Symbol.asyncDispose]());

async function buy(bytes: number): Promise<{ readonly account: string; readonly reference: string }> {
  const account = await makeAccount(db);
  const [invoice, reference] = [id('inv'), id('pi')];
  await db.query(
    `insert into invoice (id, account_id, description, bytes, amount_cents, currency) values ($1, $2, 'x', $3, 100, 'usd')`,
    [invoice, account, bytes],
  );
  await db.query(`select post_payment($1, $2, $3, 100, 'usd')`, [id('pay'), reference, invoice]);
  return { account, reference };
}

/** What the check finds while something is changed; it is as before afterwards. */
async function problemsWhile(change: string, undo: string, values: readonly unknown[]): Promise<readonly unknown[]> {
  expect(await bookProblems(db)).toEqual([]);
  await db.query(change, values);
  const found = await bookProblems(db);
  await db.query(undo, values);
  return found;
}

test('a payment that says other than what the ledger was credited is named', async () => {
  const { reference } = await buy(1000);
  const change = 'update payment set bytes = 1001 where reference = $1';
  const undo = 'update payment set bytes = 1000 where reference = $1';
  expect(await problemsWhile(change, undo, [reference])).toEqual([
    { problem: 'payment is not credited as it was paid', id: reference, expected: '1001', found: '1000' },
  ]);
});

test('what was taken back or expired is compared with the ledger', async () => {
  const { account, reference } = await buy(1000);
  await db.query(`select take_back_payment($1, 'refund', $2, 50)`, [id('re'), reference]);
  const back = 'update payment set taken_back_bytes = 500 where reference = $1';
  expect(
    await problemsWhile('update payment set taken_back_bytes = 400 where reference = $1', back, [reference]),
  ).toEqual([
    { problem: 'what was taken back is not what the ledger says', id: account, expected: '400', found: '500' },
  ]);
  const expired = 'update payment set expired_bytes = 5 where reference = $1';
  const undo = 'update payment set expired_bytes = null where reference = $1';
  expect(await problemsWhile(expired, undo, [reference])).toEqual([
    { problem: 'what was expired is not what the ledger says', id: account, expected: '5', found: '0' },
  ]);
});

test('a batch of the last day is compared with what it reported of credentials that pay', async () => {
  const account = await makeAccount(db, 10_000);
  const [key, testKey, exit] = [await makeKey(db, account), await makeKey(db, account, {}, 'test'), await makeExit(db)];
  const gateway = await TestGateway.enrol(db);
  await gateway.settle({
    uses: [
      { account, credential: key, exit, up: 10, down: 20 },
      { account, credential: testKey, exit, up: 5, down: 5 },
      { account: 'acc_nobody', credential: key, exit, up: 7, down: 7 },
    ],
  });
  expect(await bookProblems(db)).toEqual([]);
  // As if a key that did not pay had been billed.
  const change = 'update credential set test = true where id = $1';
  const undo = 'update credential set test = false where id = $1';
  expect(await problemsWhile(change, undo, [key])).toEqual([
    {
      problem: 'batch is not billed as it was reported',
      id: `${gateway.id}/${gateway.boot}/1`,
      expected: '0',
      found: '30',
    },
  ]);
  const reference = `${gateway.id}/${gateway.boot}/99`;
  const { id: transaction } = await db.one<{ id: string }>(
    `insert into ledger_transaction (cause, reference) values ('batch', $1) returning id`,
    [reference],
  );
  await db.query(
    `insert into ledger_entry (ledger_account_id, transaction_id, bytes) values ($1, $2, -8), ('sys_usage', $2, 8)`,
    [account, transaction],
  );
  expect(await bookProblems(db)).toEqual([
    { problem: 'batch is billed and not claimed', id: reference, expected: null, found: '8' },
  ]);
});
