import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import { balance, bookProblems, id, makeAccount, makeExit, makeKey, TestGateway } from '../test-support/world.ts';

let db: Database;
let gateway: TestGateway;
beforeAll(async () => {
  db = await startDatabase();
  gateway = await TestGateway.enrol(db);
});
afterAll(async () => db[Symbol.asyncDispose]());

/** An account whose payment of 1,000 bytes is for a period that is over, not looked at yet. */
async function buyPeriod() {
  const account = await makeAccount(db);
  const [key, exit] = [await makeKey(db, account), await makeExit(db)];
  const [invoice, payment, reference] = [id('inv'), id('pay'), id('pi')];
  await db.query(
    `insert into invoice (id, account_id, description, bytes, amount_cents, currency) values ($1, $2, 'x', 1000, 100, 'usd')`,
    [invoice, account],
  );
  await db.query(`select post_payment($1, $2, $3, 100, 'usd')`, [payment, reference, invoice]);
  await db.query('update payment set expires_at = now() where id = $1', [payment]);
  return {
    account,
    reference,
    use: async (down: number) => gateway.settle({ uses: [{ account, credential: key, exit, down }] }),
    expire: async () => db.query('select expire_payments(100)'),
    take: async (takeBack: string, cents: number) =>
      db.query(`select take_back_payment($1, 'dispute', $2, $3)`, [takeBack, reference, cents]),
    giveBack: async (takeBack: string) =>
      db.query(`select give_back_payment($1, 'dispute', $2)`, [takeBack, reference]),
    left: async () => balance(db, account),
  };
}

test('bytes of a period that is over expire when a won dispute gives them back, but for what was used', async () => {
  const { use, take, expire, giveBack, left } = await buyPeriod();
  const dispute = id('dp');
  await use(300);
  await take(dispute, 100);
  expect(await left()).toBe(-300);
  await expire();
  expect(await left()).toBe(-300);
  await giveBack(dispute);
  expect(await left()).toBe(0);
  await giveBack(dispute);
  expect(await left()).toBe(0);
  expect(await bookProblems(db)).toEqual([]);
});

test('what was bought beside stays, and what is used after the end is not of the period', async () => {
  const { account, use, take, expire, giveBack, left } = await buyPeriod();
  const dispute = id('dp');
  await use(400);
  await take(dispute, 50);
  await expire();
  // 1,000 less 500 disputed, less 400 used, less the 100 that were left.
  expect(await left()).toBe(0);
  await db.query('select adjust_balance($1, 5000, $2, $3)', [account, 'bundle', id('t')]);
  await use(200);
  await giveBack(dispute);
  // The 500 that come back were left at the end.
  expect(await left()).toBe(4800);
  expect(await bookProblems(db)).toEqual([]);
});

test('of a period that was used up, what comes back stays', async () => {
  const { use, take, expire, giveBack, left } = await buyPeriod();
  const dispute = id('dp');
  await use(1000);
  await take(dispute, 100);
  await expire();
  expect(await left()).toBe(-1000);
  await giveBack(dispute);
  expect(await left()).toBe(0);
  expect(await bookProblems(db)).toEqual([]);
});

test('a dispute that is won before the end changes nothing of what expires', async () => {
  const { use, take, expire, giveBack, left } = await buyPeriod();
  const dispute = id('dp');
  await use(100);
  await take(dispute, 100);
  await giveBack(dispute);
  expect(await left()).toBe(900);
  await expire();
  expect(await left()).toBe(0);
  expect(await bookProblems(db)).toEqual([]);
});
