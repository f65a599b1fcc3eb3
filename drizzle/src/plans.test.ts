import type { PoolClient } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, startDatabase } from '../test-support/database.ts';
import { makeExit, TestGateway } from '../test-support/world.ts';

const accounts = 2000;
const records = 300;
/** More often than a plan is made for its values: from then on one is used that fits any. */
const repeats = 8;
/** Tables that a fleet keeps small, and that are rightly read whole. */
const small = new Set(['gateway', 'gateway_feed', 'gateway_tunnels', 'fleet', 'exit', 'bundle', 'plan']);
let db: Database;
let exit: string;
let gateways: readonly TestGateway[];

beforeAll(async () => {
  db = await startDatabase();
  exit = await makeExit(db);
  gateways = await Promise.all(Array.from({ length: 8 }, async () => TestGateway.enrol(db)));
  await db.query(
    `insert into account (id, email, password_hash) select 'acc_' || 10000 + n, n || '@example.com', '' from generate_series(1, $1::int) n`,
    [accounts],
  );
  await db.query(
    `insert into api_key (id, account_id, digest, prefix, label, mode, limits)
     select 'key_' || 10000 + n, 'acc_' || 10000 + n, n, '', '', 'live', case when n % 4 = 0 then '{"bytes_per_day": 1000000000}' else '{}' end::jsonb
     from generate_series(1, $1::int) n`,
    [accounts],
  );
  const hours = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  await db.query(`select ensure_month('usage_rollup', now() - h * interval '1 hour', 70) from unnest($1::int[]) h`, [
    hours,
  ]);
  await db.query(
    `insert into usage_rollup (account_id, hour, credential_id, exit_id, country, network, dialect, test, bytes_up, bytes_down, connections)
     select 'acc_' || 10000 + n, date_trunc('hour', now(), 'UTC') - h * interval '1 hour', 'key_' || 10000 + n, $2, 'US', 'residential', 'marvel', false, 1, 1, 1
     from generate_series(1, $1::int) n, unnest($3::int[]) h`,
    [accounts, exit, hours],
  );
  await db.query(
    `insert into usage_batch (gateway_id, boot, seq, digest, opened_at, closed_at, records, bytes, reply)
     select $1, 'past', n, '', now(), now(), 0, 0, '' from generate_series(1, 20000) n`,
    [gateways[0]?.id],
  );
  await db.query(
    `with t as (insert into ledger_transaction (cause, reference) select 'batch', 'past/' || n from generate_series(1, 200) n returning id)
     insert into ledger_entry (ledger_account_id, transaction_id, bytes)
     select 'acc_' || 10000 + n, id, -1 from t, generate_series(1, 200) n union all select 'sys_usage', id, 200 from t`,
  );
  await db.query('vacuum analyze');
});
afterAll(async () => db[Symbol.asyncDispose]());

/** The big tables that were read from end to end while `work` was done, in one transaction that is undone. */
async function readWhole(work: (client: PoolClient) => Promise<void>): Promise<readonly string[]> {
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    // So that a table is read whole only where no index could be used, whatever its size.
    await client.query('set local enable_seqscan = off');
    const before = await countScans(client);
    await work(client);
    const after = await countScans(client);
    return [...after.keys()].filter((name) => !small.has(name) && after.get(name) !== before.get(name));
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** How often this connection has read each table whole so far. */
async function countScans(client: PoolClient): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ name: string; scans: string }>(
    `select relname as name, seq_scan as scans from pg_stat_xact_user_tables where seq_scan > 0 order by 1`,
  );
  return new Map(rows.map(({ name, scans }) => [name, scans]));
}

test('what is read whole is noticed', async () => {
  const found = await readWhole(async (client) => {
    await client.query('select sum(balance_bytes) from budget');
  });
  expect(found).toEqual(['budget']);
});

test('settling reads no big table whole, however often it is done', async () => {
  const found = await readWhole(async (client) => {
    for (let round = 0; round < repeats; round += 1) {
      const gateway = gateways[round % gateways.length];
      if (gateway === undefined) throw new RangeError('no gateway');
      gateway.seq += 1;
      const uses = Array.from({ length: records }, (_, n) => {
        const number = 10_001 + ((n * 13 + round * 100) % accounts);
        return { account: `acc_${number}`, credential: `key_${number}`, exit, down: 5, refused: { no_capacity: 1 } };
      });
      const lines = uses.slice(0, 40).map(({ account }) => ({ budget: account, wanted: 1000 }));
      const [text, values] = gateway.statement(gateway.seq, { uses, lines });
      const { rows } = await client.query<{ outcome: string }>(text, [...values]);
      expect(rows[0]?.outcome).toBe('settled');
    }
  });
  expect(found).toEqual([]);
});

test('a page of the feed reads what is in it, at the head and in the middle', async () => {
  const { place } = await db.one<{ place: string }>(
    `select version || '.' || seq as place from feed_record order by version desc, seq desc limit 1`,
  );
  for (const since of [place, '0.0', '1.1']) {
    const found = await readWhole(async (client) => {
      for (let round = 0; round < repeats; round += 1) {
        await client.query('select p.*, tunnels_by_gateway(), fleet_place() from feed_page($1, $2, $3) p', [
          gateways[0]?.token,
          since,
          100,
        ]);
      }
    });
    expect(found, since).toEqual([]);
  }
});

test('money that comes in, a key that changes, and what is swept away are found by index', async () => {
  const found = await readWhole(async (client) => {
    for (let round = 0; round < repeats; round += 1) {
      await client.query('select adjust_balance($1, 5, $2, $3)', ['acc_10007', 'plan', `k${round}`]);
      await client.query(`update api_key set limits = jsonb_build_object('bytes_total', $2::int) where id = $1`, [
        'key_10009',
        1000 + round,
      ]);
      await client.query('select count(*) from feed_record where kind = $1 and id = $2', ['key', 'key_10009']);
      await client.query(`select sweep(5) + forget_batches(now() + interval '1 second', 5)`);
    }
  });
  expect(found).toEqual([]);
});
