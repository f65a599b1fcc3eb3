import { grantBytes } from '@marvel/shared/lease';
import { assert, constantFrom, array, asyncProperty, integer, maxSafeInteger, oneof, tuple } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDatabase, type Database } from '../test-support/database.ts';
import {
  anomalies,
  balance,
  id,
  ledgerProblems,
  makeAccount,
  makeExit,
  makeKey,
  TestGateway,
} from '../test-support/world.ts';

let db: Database;
let exit: string;
beforeAll(async () => {
  db = await startDatabase();
  exit = await makeExit(db);
});
afterAll(async () => db[Symbol.asyncDispose]());

const mb = 1_000_000;

test('a batch sent 50 times at once is settled once, and every reply is the first one', async () => {
  const account = await makeAccount(db, 100 * mb);
  const key = await makeKey(db, account);
  const gateway = await TestGateway.enrol(db);
  const parts = {
    uses: [{ account, credential: key, exit, up: 1000, down: 2000, refused: { gateway_error: 2 } }],
    lines: [{ budget: account, wanted: 5 * mb }],
    closedAt: new Date().toISOString(),
  };
  const settled = await Promise.all(Array.from({ length: 50 }, async () => gateway.send(1, parts)));

  expect(settled.map(({ outcome }) => outcome).toSorted()).toEqual([
    ...Array.from({ length: 49 }, () => 'repeat'),
    'settled',
  ]);
  expect(new Set(settled.map(({ reply }) => reply)).size).toBe(1);
  expect(await balance(db, account)).toBe(100 * mb - 3000);
  expect(await gateway.held(account)).toBe(5 * mb);
  expect(await usage(account)).toEqual({ bytes: 3000, connections: 1 });
  expect(await ledgerProblems(db)).toEqual([]);
});

test('another body under the key of a settled batch is a conflict and changes nothing', async () => {
  const account = await makeAccount(db, mb);
  const credential = await makeKey(db, account);
  const gateway = await TestGateway.enrol(db);
  await gateway.send(1, { uses: [{ account, credential, exit, down: 10 }] });
  const other = await gateway.send(1, { uses: [{ account, credential, exit, down: 11 }] });
  expect(other).toMatchObject({ outcome: 'conflict', reply: null });
  expect(await balance(db, account)).toBe(mb - 10);
});

test('16 gateways that post at once for the same accounts never block each other for good, and every byte is billed once', async () => {
  const accounts = await Promise.all(Array.from({ length: 12 }, async () => makeAccount(db, 1000 * mb)));
  const keys = await Promise.all(accounts.map(async (account) => makeKey(db, account, { bytes_per_day: 900 * mb })));
  const gateways = await Promise.all(Array.from({ length: 16 }, async () => TestGateway.enrol(db)));
  const used = new Map<string, number>(accounts.map((account) => [account, 0]));

  await Promise.all(
    gateways.map(async (gateway, g) => {
      for (let round = 0; round < 12; round += 1) {
        // Each gateway names the accounts in another order.
        const order = accounts.map((_, index) => (index * 5 + g * 7 + round) % accounts.length);
        const uses = order.map((index) => {
          const down = 1000 + g * 100 + round;
          used.set(accounts[index] ?? '', (used.get(accounts[index] ?? '') ?? 0) + down);
          return { account: accounts[index] ?? '', credential: keys[index] ?? '', exit, down };
        });
        const lines = order.flatMap((index) => [
          { budget: `${keys[index]}/day`, wanted: mb },
          { budget: accounts[index] ?? '', wanted: 2 * mb, returned: round * 1000 },
        ]);
        expect((await gateway.settle({ uses, lines })).outcome).toBe('settled');
      }
    }),
  );

  for (const [index, account] of accounts.entries()) {
    const spent = used.get(account) ?? 0;
    expect(await balance(db, account)).toBe(1000 * mb - spent);
    expect(await balance(db, `${keys[index]}/day`)).toBe(900 * mb - spent);
    expect((await usage(account)).bytes).toBe(spent);
    expect(await totalHeld(account)).toBeLessThanOrEqual(1000 * mb - spent);
  }
  expect(await ledgerProblems(db)).toEqual([]);
});

test('the SQL grants what grantBytes of shared/lease grants', async () => {
  const amount = oneof(
    maxSafeInteger(),
    integer({ min: -10, max: 300_000 }),
    constantFrom(0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073),
  );
  await assert(
    asyncProperty(array(tuple(amount, amount), { minLength: 50, maxLength: 200 }), async (pairs) => {
      const rows = await db.query<{ granted: string }>(
        `select lease_grant(free, wanted) as granted
         from unnest($1::bigint[], $2::bigint[]) with ordinality as t (free, wanted, n) order by n`,
        [pairs.map(([free]) => free), pairs.map(([, wanted]) => wanted)],
      );
      expect(rows.map((row) => Number(row.granted))).toEqual(pairs.map(([free, wanted]) => grantBytes(free, wanted)));
    }),
    { numRuns: 30 },
  );
});

test('what a gateway settles comes out of its lease, and a line grants at most half of what is free', async () => {
  const account = await makeAccount(db, 100 * mb);
  const credential = await makeKey(db, account);
  const [one, two] = [await TestGateway.enrol(db), await TestGateway.enrol(db)];

  const first = await one.settle({ lines: [{ budget: account, wanted: 80 * mb }] });
  expect(first.answers.get(account)).toMatchObject({ granted: 50 * mb, free: true, keep: null });
  const second = await two.settle({ lines: [{ budget: account, wanted: 80 * mb }] });
  expect(second.answers.get(account)).toMatchObject({ granted: 25 * mb, free: true });

  await one.settle({ uses: [{ account, credential, exit, down: 20 * mb }] });
  expect(await one.held(account)).toBe(30 * mb);
  expect(await balance(db, account)).toBe(80 * mb);
});

test('a returned lease is free for another gateway', async () => {
  const account = await makeAccount(db, 64 * 1024);
  const [one, two] = [await TestGateway.enrol(db), await TestGateway.enrol(db)];
  await one.settle({ lines: [{ budget: account, wanted: mb }] });
  const refused = await two.settle({ lines: [{ budget: account, wanted: mb }] });
  expect(refused.answers.get(account)).toMatchObject({ granted: 0, free: false });
  await one.settle({ lines: [{ budget: account, returned: 64 * 1024 }] });
  const granted = await two.settle({ lines: [{ budget: account, wanted: mb }] });
  expect(granted.answers.get(account)).toMatchObject({ granted: 64 * 1024 });
});

test('a new boot that is known to live frees the leases of the boot before, whose late batches are billed but granted nothing', async () => {
  const account = await makeAccount(db, 64 * 1024);
  const credential = await makeKey(db, account);
  const [one, two] = [await TestGateway.enrol(db), await TestGateway.enrol(db)];
  await one.settle({ lines: [{ budget: account, wanted: mb }] });
  const before = one.boot;
  one.restart();
  const first = await one.settle({ lines: [{ budget: account, wanted: mb }] });
  expect(first.answers.get(account)).toMatchObject({ granted: 0, free: true, keep: null });
  expect(await one.held(account)).toBe(64 * 1024);
  await one.settle({});
  expect(await one.held(account)).toBe(0);
  const granted = await two.settle({ lines: [{ budget: account, wanted: 1000 }] });
  expect(granted.answers.get(account)).toMatchObject({ granted: 1000 });

  const late = await one.send(
    2,
    { uses: [{ account, credential, exit, down: 500 }], lines: [{ budget: account, wanted: mb }] },
    before,
  );
  expect(late.answers.get(account)).toMatchObject({ granted: 0, keep: null });
  expect(await balance(db, account)).toBe(64 * 1024 - 500);
  expect(await one.held(account)).toBe(0);
});

test('the first batch of a boot that is over, long on its way, takes nothing from the boot that lives, which is granted on', async () => {
  const account = await makeAccount(db, 100 * mb);
  const credential = await makeKey(db, account);
  const gateway = await TestGateway.enrol(db);
  const over = gateway.boot;
  gateway.restart();
  await gateway.settle({ lines: [{ budget: account, wanted: 5 * mb }] });

  const late = { uses: [{ account, credential, exit, down: 500 }], lines: [{ budget: account, wanted: mb }] };
  const answered = await gateway.send(1, late, over);
  expect(answered.answers.get(account)).toMatchObject({ granted: 0, keep: null });
  expect(await balance(db, account)).toBe(100 * mb - 500);
  expect(await gateway.held(account)).toBe(5 * mb);
  const more = await gateway.settle({ lines: [{ budget: account, wanted: mb }] });
  expect(more.answers.get(account)).toMatchObject({ granted: mb });
  expect(await gateway.held(account)).toBe(6 * mb);

  // Where nothing is held, a boot need not wait; and one that was taken for over is believed once it shows that it lives.
  await gateway.settle({ lines: [{ budget: account, returned: 6 * mb }] });
  const unheard = new TestGateway(db).boot;
  expect((await gateway.send(1, late, unheard)).answers.get(account)).toMatchObject({ granted: mb });
  const line = { lines: [{ budget: account, wanted: 2 * mb }] };
  expect((await gateway.settle(line)).answers.get(account)).toMatchObject({ granted: 0, free: true });
  expect((await gateway.settle(line)).answers.get(account)).toMatchObject({ granted: 2 * mb });
  expect(await gateway.held(account)).toBe(2 * mb);
  expect(await ledgerProblems(db)).toEqual([]);
});

test('a revoked gateway settles nothing, and what it held is free', async () => {
  const account = await makeAccount(db, mb);
  const [one, two] = [await TestGateway.enrol(db), await TestGateway.enrol(db)];
  await one.settle({ lines: [{ budget: account, wanted: 10 * mb }] });
  expect(await db.one('select revoke_gateway($1) as revoked', [one.id])).toEqual({ revoked: true });
  expect(await db.one('select revoke_gateway($1) as revoked', [one.id])).toEqual({ revoked: false });
  expect(await one.settle({})).toMatchObject({ outcome: 'revoked' });
  const granted = await two.settle({ lines: [{ budget: account, wanted: 500_000 }] });
  expect(granted.answers.get(account)).toMatchObject({ granted: 500_000 });
});

test('a lease whose hold is over counts no more, for others and for its own gateway', async () => {
  const account = await makeAccount(db, 128 * 1024);
  const [one, two] = [await TestGateway.enrol(db), await TestGateway.enrol(db)];
  await one.settle({ lines: [{ budget: account, wanted: mb }] });
  await db.query(`update lease set expires_at = now() - interval '1 second' where budget_id = $1`, [account]);
  const other = await two.settle({ lines: [{ budget: account, wanted: mb }] });
  expect(other.answers.get(account)).toMatchObject({ granted: 64 * 1024 });
  const own = await one.settle({ lines: [{ budget: account, wanted: 1000 }] });
  expect(own.answers.get(account)).toMatchObject({ granted: 1000 });
  expect(await one.held(account)).toBe(1000);
});

test('a gateway that runs short makes the others give back: half when busy, all when idle, whether they ask or not', async () => {
  const account = await makeAccount(db, 100 * mb);
  const credential = await makeKey(db, account);
  const gateways = await Promise.all(Array.from({ length: 4 }, async () => TestGateway.enrol(db)));
  const [busy, idle, silent, short] = gateways as [TestGateway, TestGateway, TestGateway, TestGateway];
  for (const gateway of [busy, idle, silent]) await gateway.settle({ lines: [{ budget: account, wanted: 90 * mb }] });
  await short.settle({ lines: [{ budget: account, wanted: 10 * mb }] });
  await short.settle({ uses: [{ account, credential, exit, down: 6 * mb }] });
  const asked = await short.settle({ lines: [{ budget: account, wanted: 10 * mb }] });
  expect(asked.answers.get(account)).toMatchObject({ granted: 3_125_000, keep: null });

  const busyUse = { account, credential, exit, down: 10 * mb };
  const told = await busy.settle({ uses: [busyUse], lines: [{ budget: account }] });
  expect(told.answers.get(account)).toMatchObject({ granted: 0, keep: 20 * mb });
  expect((await idle.settle({ lines: [{ budget: account }] })).answers.get(account)).toMatchObject({ keep: 0 });
  const recall = (await silent.settle({})).answers.get(account);
  expect(recall).toEqual({ budget: account, granted: 0, ttl_ms: 0, free: true, keep: 0 });
  expect((await short.settle({})).answers.size).toBe(0);
});

test('what cannot be credited is kept as an anomaly, and the rest of the batch settles', async () => {
  const account = await makeAccount(db, mb);
  const credential = await makeKey(db, account);
  const stranger = await makeKey(db, await makeAccount(db));
  const gateway = await TestGateway.enrol(db);
  const settled = await gateway.settle({
    uses: [
      { account: id('acc'), credential, exit, down: 1 },
      { account, credential: id('key'), exit, down: 2 },
      { account, credential: stranger, exit, down: 4 },
      { account, credential, exit, down: 2 ** 53 - 1 },
      { account, credential, exit, connections: 2 ** 53 - 1 },
      { account, credential, exit: id('ext'), down: 8 },
      { account, credential, exit, down: 16 },
    ],
    lines: [
      { budget: id('acc'), wanted: 1 },
      { budget: account, wanted: 1000 },
    ],
    exits: [{ id: id('ext'), dials: 2 ** 53 - 1, failures: 0, latency_ms: 0 }],
    pins: [
      { account, session: 's', exit: id('ext'), generation: 1, expires_at: '2030-01-01T00:00:00Z' },
      { account, session: 't', exit, generation: 2 ** 53 - 1, expires_at: '2030-02-30T00:00:00Z' },
    ],
    closedAt: '2030-02-30T00:00:00Z',
  });
  expect(settled.outcome).toBe('settled');
  expect(settled.answers.size).toBe(2);
  expect(settled.answers.get(account)).toMatchObject({ granted: 1000 });
  expect(await balance(db, account)).toBe(mb - 24);
  expect((await anomalies(db, `${gateway.id}/${gateway.boot}/1`)).toSorted()).toEqual([
    'implausible_counts',
    'implausible_counts',
    'unknown_account',
    'unknown_credential',
    'unknown_credential',
    'unknown_exit',
  ]);
});

test('batches that are missing or do not follow one another are noted, and settled all the same', async () => {
  const gateway = await TestGateway.enrol(db);
  await gateway.settle({});
  const gap = await gateway.send(3, { previous: 'A'.repeat(43) });
  expect(gap.outcome).toBe('settled');
  expect(await anomalies(db, `${gateway.id}/${gateway.boot}/3`)).toEqual(['chain_broken', 'sequence_gap']);
});

test('a test key is rolled up and never billed', async () => {
  const account = await makeAccount(db, mb);
  const credential = await makeKey(db, account, { bytes_total: 1000 }, 'test');
  const gateway = await TestGateway.enrol(db);
  await gateway.settle({ uses: [{ account, credential, exit, down: 500 }] });
  expect(await balance(db, account)).toBe(mb);
  expect(await balance(db, `${credential}/total`)).toBe(1000);
  expect(await usage(account)).toEqual({ bytes: 500, connections: 1 });
});

test('bytes past the balance are billed: the account owes them', async () => {
  const account = await makeAccount(db, 1000);
  const credential = await makeKey(db, account);
  const gateway = await TestGateway.enrol(db);
  await gateway.settle({ uses: [{ account, credential, exit, down: 5000 }] });
  expect(await balance(db, account)).toBe(-4000);
  const asked = await gateway.settle({ lines: [{ budget: account, wanted: mb }] });
  expect(asked.answers.get(account)).toMatchObject({ granted: 0, free: false });
});

test('refusals, dials and pins are kept: by hour and code, by exit, and for the later generation', async () => {
  const account = await makeAccount(db, mb);
  const credential = await makeKey(db, account);
  const other = await makeExit(db);
  const gateway = await TestGateway.enrol(db);
  const pin = { account, session: 's', exit, generation: 2, expires_at: '2030-01-01T00:00:00Z' };
  const dial = { id: exit, dials: 3, failures: 1, latency_ms: 50 };
  await gateway.settle({
    uses: [{ account, credential, connections: 0, refused: { cap_exhausted: 2 } }],
    pins: [pin],
    exits: [dial],
  });
  await gateway.settle({
    uses: [{ account, credential, connections: 0, refused: { cap_exhausted: 1, gateway_error: 4 } }],
    pins: [{ ...pin, exit: other, generation: 1 }],
    exits: [dial],
  });
  expect(await db.query('select code, count from rejection where account_id = $1 order by code', [account])).toEqual([
    { code: 'cap_exhausted', count: '3' },
    { code: 'gateway_error', count: '4' },
  ]);
  expect(await db.query('select dials, failures from exit_dial where gateway_id = $1', [gateway.id])).toEqual([
    { dials: '6', failures: '2' },
  ]);
  expect(await db.query('select exit_id, generation from node where account_id = $1', [account])).toEqual([
    { exit_id: exit, generation: 2 },
  ]);
});

test('a pin of a batch that had begun before a node was let go neither brings it back nor moves the one held after it', async () => {
  const account = await makeAccount(db, mb);
  const other = await makeExit(db);
  const gateway = await TestGateway.enrol(db);
  const pin = { account, session: 's', exit, generation: 3, expires_at: '2030-01-01T00:00:00Z' };
  const seen = async () => {
    return db.query('select exit_id, generation, expires_at > now() as live from node where account_id = $1', [
      account,
    ]);
  };
  await gateway.settle({ pins: [pin] });
  await db.query('update node set expires_at = now(), generation = generation + 1 where account_id = $1', [account]);
  const letGo = [{ exit_id: exit, generation: 4, live: false }];
  expect(await seen()).toEqual(letGo);
  const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
  await gateway.settle({ pins: [{ ...pin, exit: other, generation: 4 }], closedAt: anHourAgo });
  expect(await seen()).toEqual(letGo);
  await db.query(`update node set expires_at = '2029-01-01' where account_id = $1`, [account]);
  await gateway.settle({ pins: [{ ...pin, exit: other, generation: 4 }], closedAt: anHourAgo });
  expect(await seen()).toEqual([{ exit_id: exit, generation: 4, live: true }]);
  await db.query('update node set expires_at = now() where account_id = $1', [account]);
  await gateway.settle({
    pins: [{ ...pin, exit: other, generation: 1 }],
    closedAt: new Date(Date.now() + 1000).toISOString(),
  });
  expect(await seen()).toEqual([{ exit_id: other, generation: 1, live: true }]);
});

async function usage(account: string): Promise<{ bytes: number; connections: number }> {
  const row = await db.one<{ bytes: string; connections: string }>(
    `select coalesce(sum(bytes_up + bytes_down), 0) as bytes, coalesce(sum(connections), 0) as connections
     from usage_rollup where account_id = $1`,
    [account],
  );
  return { bytes: Number(row.bytes), connections: Number(row.connections) };
}

async function totalHeld(budget: string): Promise<number> {
  const row = await db.one<{ held: string }>(
    'select coalesce(sum(held_bytes), 0) as held from lease where budget_id = $1',
    [budget],
  );
  return Number(row.held);
}
