import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, startDatabase } from '../test-support/database.ts';
import {
  balance,
  type BatchParts,
  ledgerProblems,
  makeAccount,
  makeExit,
  makeKey,
  type Settled,
  TestGateway,
} from '../test-support/world.ts';

const gatewayCount = 64;
const accountCount = 12;
const rounds = 4;
const creditBytes = 1_000_000_000;
let db: Database;
let exit: string;
beforeAll(async () => {
  db = await startDatabase();
  exit = await makeExit(db);
});
afterAll(async () => db[Symbol.asyncDispose]());

/** One gateway's life under load: every post may be sent twice at once, and it restarts now and then. */
async function run(
  gateway: TestGateway,
  place: number,
  partsOf: (place: number, round: number) => BatchParts,
): Promise<readonly Settled['outcome'][]> {
  const outcomes: Settled['outcome'][] = [];
  for (let round = 0; round < rounds; round += 1) {
    if ((place + round) % 5 === 4) gateway.restart();
    gateway.seq += 1;
    const parts = { ...partsOf(place, round), closedAt: new Date().toISOString() };
    const copies = (place + round) % 3 === 0 ? 2 : 1;
    const settled = await Promise.all(Array.from({ length: copies }, async () => gateway.send(gateway.seq, parts)));
    expect(new Set(settled.map(({ reply }) => reply)).size).toBe(1);
    outcomes.push(...settled.map(({ outcome }) => outcome));
  }
  return outcomes;
}

test('64 gateways that post at once for the same accounts, some twice and some anew: no deadlock, and every byte is billed once', async () => {
  const accounts = await Promise.all(Array.from({ length: accountCount }, async () => makeAccount(db, creditBytes)));
  const keys = await Promise.all(accounts.map(async (account) => makeKey(db, account, { bytes_per_day: creditBytes })));
  const gateways = await Promise.all(Array.from({ length: gatewayCount }, async () => TestGateway.enrol(db)));
  const used = new Map(accounts.map((account): [string, number] => [account, 0]));
  const partsOf = (place: number, round: number): BatchParts => {
    // Each gateway names the accounts in an order of its own, each round in another.
    const order = accounts.map((_, index) => (index * 5 + place * 7 + round * 11) % accountCount);
    const uses = order.map((index) => {
      const account = accounts[index] ?? '';
      const down = 1000 + place * 100 + round;
      used.set(account, (used.get(account) ?? 0) + down);
      return { account, credential: keys[index] ?? '', exit, down, refused: { no_capacity: 1 } };
    });
    const lines = order.slice(0, 4).flatMap((index) => [
      { budget: `${keys[index]}/day`, wanted: 1_000_000 },
      { budget: accounts[index] ?? '', wanted: 2_000_000, returned: round * 1000 },
    ]);
    return { uses, lines, exits: [{ id: exit, dials: 1, failures: 0, latency_ms: 5 }] };
  };
  const deadlocksBefore = await deadlocks();
  // Meanwhile money comes in, and a key is watched by its own statement each time.
  const credited = (async () => {
    for (let n = 0; n < 40; n += 1) {
      const account = accounts[n % accountCount];
      await db.query('select adjust_balance($1, $2, $3, $4)', [account, 1000, 'load', `load-${n}`]);
      await db.query('update api_key set label = $2 where id = $1', [keys[n % accountCount], `n${n}`]);
    }
  })();
  const outcomes = await Promise.all(gateways.map(async (gateway, place) => run(gateway, place, partsOf)));
  await credited;

  expect(outcomes.flat().filter((outcome) => outcome === 'settled')).toHaveLength(gatewayCount * rounds);
  expect(new Set(outcomes.flat())).toEqual(new Set(['settled', 'repeat']));
  for (const [index, account] of accounts.entries()) {
    const spent = used.get(account) ?? 0;
    const gifts = 1000 * [...Array(40).keys()].filter((n) => n % accountCount === index).length;
    expect(await balance(db, account)).toBe(creditBytes + gifts - spent);
    expect(await balance(db, `${keys[index]}/day`)).toBe(creditBytes - spent);
    expect(await rolledUp(account)).toEqual({ bytes: spent, connections: gatewayCount * rounds });
    expect(await held(account)).toBeLessThanOrEqual(creditBytes + gifts - spent);
  }
  expect(await ledgerProblems(db)).toEqual([]);
  expect(await deadlocks()).toBe(deadlocksBefore);
  const row = await db.one<{ batches: string; receipts: string; refused: string }>(
    `select (select count(*) from usage_batch) as batches, (select count(*) from batch_receipt) as receipts,
       (select sum(count) from rejection) as refused`,
  );
  const settled = gatewayCount * rounds;
  expect(row).toEqual({ batches: `${settled}`, receipts: `${settled}`, refused: `${settled * accountCount}` });
});

async function deadlocks(): Promise<number> {
  const row = await db.one<{ deadlocks: string }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  );
  return Number(row.deadlocks);
}

async function rolledUp(account: string): Promise<{ bytes: number; connections: number }> {
  const row = await db.one<{ bytes: string; connections: string }>(
    'select sum(bytes_up + bytes_down) as bytes, sum(connections) as connections from usage_rollup where account_id = $1',
    [account],
  );
  return { bytes: Number(row.bytes), connections: Number(row.connections) };
}

async function held(budget: string): Promise<number> {
  const row = await db.one<{ held: string }>(
    'select coalesce(sum(held_bytes), 0) as held from lease where budget_id = $1',
    [budget],
  );
  return Number(row.held);
}
