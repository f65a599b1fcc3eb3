import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import { bundleTerms, planOperations, planTerms, type Cast, type Plan } from '../test-support/random-operations.ts';
import { bookProblems, id, makeAccount, makeExit, makeKey, TestGateway } from '../test-support/world.ts';

/** `LEDGER_SEED=<n>` plans other operations; a failure of one seed comes again with it. */
const seed = Number(process.env['LEDGER_SEED'] ?? 20_261_121);
const operationCount = 10_000;
const connections = 12;
const accountCount = 12;
const invoicesOfEach = 80;
const customersOfEach = 2;

let db: Database;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(async () => db[Symbol.asyncDispose]());

test(`the books are in order after 10,000 random operations, many of them repeats, in a random order, ${connections} at once (seed ${seed})`, async () => {
  const plan = planOperations(seed, operationCount, await makeCast());
  expect(plan.operations).toHaveLength(operationCount);
  const left = plan.operations.values();
  const worker = async () => {
    for (const { text, values } of left) await db.query(text, values);
  };
  // Nothing may fail: no deadlock, no constraint met that says so only by an error.
  await Promise.all(Array.from({ length: connections }, worker));

  expect(await bookProblems(db)).toEqual([]);
  expect(await unbalanced()).toEqual([]);
  await expectBalances(plan);
  await expectSpending(plan);
  await expectSubscriptions(plan);
}, 300_000);

async function makeCast(): Promise<Cast> {
  const exit = await makeExit(db);
  const gateways = await Promise.all(Array.from({ length: 6 }, async () => TestGateway.enrol(db)));
  const plan = id('pln');
  await db.query(
    `insert into plan (id, name, bytes, price_cents, currency, interval, interval_count) values ($1, '', $2, $3, 'usd', 'day', 1)`,
    [plan, planTerms.bytes, planTerms.cents],
  );
  const accounts = [];
  for (let each = 0; each < accountCount; each += 1) {
    const account = await makeAccount(db);
    const keys = [await makeKey(db, account), await makeKey(db, account, { bytes_total: 500_000_000 })];
    const customers = [];
    for (let customer = 0; customer < customersOfEach; customer += 1) customers.push(await makeCustomer(account, plan));
    const subscription = await makeSubscription(account, plan, 'past_due', null, null);
    const invoices = Array.from({ length: invoicesOfEach }, () => id('inv'));
    await db.query(
      `insert into invoice (id, account_id, description, bytes, amount_cents, currency) select i, $2, '', $3, $4, 'usd' from unnest($1::text[]) i`,
      [invoices, account, bundleTerms.bytes, bundleTerms.cents],
    );
    accounts.push({
      id: account,
      credentials: [...keys, ...customers.map(({ subUser }) => subUser)],
      subscription,
      customerSubscriptions: customers.map((customer) => customer.subscription),
      invoices,
    });
  }
  return { accounts, gateways, exit };
}

async function makeCustomer(account: string, plan: string) {
  const subUser = id('su');
  const customer = id('cst');
  await db.query(`insert into sub_user (id, account_id, username, digest) values ($1, $2, $1, 'digest')`, [
    subUser,
    account,
  ]);
  await db.query(`insert into customer (id, account_id, name, sub_user_id) values ($1, $2, '', $3)`, [
    customer,
    account,
    subUser,
  ]);
  const subscription = await makeSubscription(account, plan, 'active', customer, subUser);
  await db.query('select start_customer_subscription($1)', [subscription]);
  return { subUser, subscription };
}

async function makeSubscription(
  account: string,
  plan: string,
  status: string,
  customer: string | null,
  subUser: string | null,
): Promise<string> {
  const subscription = id('sbn');
  await db.query(
    `insert into subscription (id, account_id, plan_id, customer_id, sub_user_id, status, name, bytes, price_cents, currency, interval, interval_count)
     select $1, $2, p.id, $4, $5, $6, p.name, p.bytes, p.price_cents, p.currency, p.interval, p.interval_count from plan p where p.id = $3`,
    [subscription, account, plan, customer, subUser, status],
  );
  return subscription;
}

/** Causes whose entries are not what their payment says, and system accounts that do not mirror the customers. */
async function unbalanced(): Promise<readonly unknown[]> {
  return db.query(`
    select 'payment' as what, p.reference as id from payment p
    left join ledger_transaction t on t.cause = 'payment' and t.reference = p.reference
    left join ledger_entry e on e.transaction_id = t.id and e.ledger_account_id = p.account_id
    where e.bytes is distinct from p.bytes
    union all
    select s.what, p.reference from payment p
    cross join lateral (
      -- What comes back after its period is over expires under the cause that it came back by.
      select c.what, c.bytes, coalesce(-sum(e.bytes), 0) as posted
      from (values ('expiry', coalesce(p.expired_bytes, 0)), ('refund', p.taken_back_bytes)) c (what, bytes)
      left join ledger_transaction t on t.cause = c.what and t.reference in (
        select p.reference
        union all select b.reference || s.suffix from take_back b cross join (values (''), ('/reversed')) s (suffix)
        where b.payment_reference = p.reference)
      left join ledger_entry e on e.transaction_id = t.id and e.ledger_account_id = p.account_id
      group by c.what, c.bytes
    ) s
    where s.posted <> s.bytes
    union all
    select 'paid invoice', i.id from invoice i
    where (i.status = 'paid') <> exists (select from payment p where p.invoice_id = i.id)
    union all
    select 'lease', l.budget_id from lease l where l.held_bytes < 0
    union all
    select 'cap', b.id from budget b
    where b."window" = 'total' and b.balance_bytes <> b.cap_bytes - cap_used(b.account_id, b.credential_id, 'total', now())
    union all
    select 'system accounts', s.id from (
      select l.id, sum(e.bytes) as bytes from ledger_account l join ledger_entry e on e.ledger_account_id = l.id
      where l.kind = 'system' group by l.id
    ) s
    where s.bytes is distinct from (
      select -sum(c.bytes) from ledger_entry c join ledger_account a on a.id = c.ledger_account_id and a.kind = 'customer'
      where c.transaction_id in (select f.transaction_id from ledger_entry f where f.ledger_account_id = s.id))`);
}

/** Every balance is what the plan says, given what had expired when; a payment that should be is credited, and no other. */
async function expectBalances({ purchases, adjustedBytes, usedBytes }: Plan): Promise<void> {
  const rows = await db.query<{ reference: string; taken: string; expired: string | null }>(
    'select reference, taken_back_bytes as taken, expired_bytes as expired from payment',
  );
  const credited = new Map(rows.map((row) => [row.reference, row]));
  expect([...credited.keys()].toSorted()).toEqual(purchases.map(({ reference }) => reference).toSorted());
  // Or it would prove little.
  expect(rows.filter(({ taken }) => Number(taken) > 0).length).toBeGreaterThan(100);
  expect(rows.filter(({ expired }) => Number(expired) > 0).length).toBeGreaterThan(100);
  const expected = new Map<string, number>();
  const add = (account: string, bytes: number) => expected.set(account, (expected.get(account) ?? 0) + bytes);
  for (const { account, reference, bytes, cents, takenBack } of purchases) {
    const expired = Number(credited.get(reference)?.expired ?? 0);
    const back = [...takenBack.values()].reduce((sum, each) => sum + (each.isReversed ? 0 : each.cents), 0);
    const taken = Math.min(back >= cents ? bytes : Math.floor((bytes * back) / cents), bytes - expired);
    expect([reference, Number(credited.get(reference)?.taken)]).toEqual([reference, taken]);
    add(account, bytes - taken - expired);
  }
  for (const [account, bytes] of adjustedBytes) add(account, bytes);
  const found = await db.query<{ id: string; balance: string }>(
    'select id, balance_bytes as balance from budget where credential_id is null',
  );
  for (const { id: account, balance } of found) {
    expect([account, Number(balance)]).toEqual([account, (expected.get(account) ?? 0) - (usedBytes.get(account) ?? 0)]);
  }
}

/** Every byte of every batch stands once in the roll-ups, by account and by credential. */
async function expectSpending({ usedBytes, batches }: Plan): Promise<void> {
  const rows = await db.query<{ name: string; bytes: string }>(
    `select u.name, sum(r.bytes_up + r.bytes_down) as bytes from usage_rollup r
     cross join lateral (values (r.account_id), (r.credential_id)) u (name) group by u.name`,
  );
  expect(new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]))).toEqual(usedBytes);
  const billed = await db.one<{ count: string }>(`select count(*) from ledger_transaction where cause = 'batch'`);
  expect(Number(billed.count)).toBe(batches);
}

/** As many periods as were paid, and the status of the last word. */
async function expectSubscriptions({ periodsPaid, lastStatus }: Plan): Promise<void> {
  const rows = await db.query<{ id: string; status: string; periods_begun: number }>(
    'select id, status, periods_begun from subscription where customer_id is null',
  );
  for (const { id: subscription, status, periods_begun: periods } of rows) {
    expect([subscription, status, periods]).toEqual([
      subscription,
      lastStatus.get(subscription),
      periodsPaid.get(subscription),
    ]);
  }
}
