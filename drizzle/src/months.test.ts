import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, startDatabase } from '../test-support/database.ts';
import { makeAccount, makeExit, makeKey, TestGateway } from '../test-support/world.ts';

const tables = ['batch_receipt', 'exit_dial', 'rejection', 'usage_rollup'];
let db: Database;
beforeAll(async () => {
  db = await startDatabase();
});
afterAll(async () => db[Symbol.asyncDispose]());

async function partitions(): Promise<readonly string[]> {
  const rows = await db.query<{ name: string }>(
    'select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where c.relkind = $1 order by 1',
    ['r'],
  );
  return rows.map(({ name }) => name);
}

/** The names of the partitions of a table for the month that is so many from a moment's. */
async function month(moment: string, offset: number): Promise<string> {
  const row = await db.one<{ month: string }>(
    `select to_char(date_trunc('month', $1::timestamptz at time zone 'UTC') + $2 * interval '1 month', 'YYYYMM') as month`,
    [moment, offset],
  );
  return row.month;
}

async function keep(moment: string): Promise<readonly string[]> {
  const rows = await db.query<{ name: string }>('select keep_months($1::timestamptz) as name', [moment]);
  return rows.map(({ name }) => name).toSorted();
}

test('this month and the two that come are there from the start, and made ahead as time goes', async () => {
  const before = await partitions();
  const now = new Date().toISOString();
  for (const offset of [0, 1, 2]) {
    const suffix = await month(now, offset);
    for (const table of tables) expect(before).toContain(`${table}_${suffix}`);
  }
  expect(await keep(now)).toEqual([]);
  expect(await partitions()).toEqual(before);
  const later = new Date(Date.now() + 31 * 86_400_000).toISOString();
  await keep(later);
  expect(await partitions()).toContain(`usage_rollup_${await month(later, 2)}`);
});

test('a month goes when its table keeps it no longer, and not before', async () => {
  await db.query(`select ensure_month(t, m, 70) from unnest($1::text[]) t, unnest($2::timestamptz[]) m`, [
    tables,
    [
      '2028-01-15T00:00:00Z',
      '2028-12-31T23:59:59Z',
      '2029-09-30T00:00:00Z',
      '2029-12-01T00:00:00Z',
      '2030-01-10T00:00:00Z',
    ],
  ]);
  const at = async (suffix: string) => {
    const all = await partitions();
    return tables.filter((table) => all.includes(`${table}_${suffix}`));
  };
  const dropped = await keep('2030-02-01T00:00:00Z');
  expect(dropped).toContain('batch_receipt_202801');
  expect(await at('202801')).toEqual(['usage_rollup']);
  expect(await at('202812')).toEqual(['batch_receipt', 'usage_rollup']);
  expect(await at('202909')).toEqual(['batch_receipt', 'usage_rollup']);
  expect(await at('202912')).toEqual(['batch_receipt', 'rejection', 'usage_rollup']);
  expect(await at('203001')).toEqual(tables);
  await keep('2030-03-01T00:00:00Z');
  expect(await at('202801')).toEqual([]);
});

test('a batch settles although no job has made its month, also when many come at once', async () => {
  const account = await makeAccount(db, 1_000_000);
  const credential = await makeKey(db, account);
  const exit = await makeExit(db);
  const gateways = await Promise.all(Array.from({ length: 12 }, async () => TestGateway.enrol(db)));
  for (const name of await partitions()) await db.query(`drop table ${name}`);
  const settled = await Promise.all(
    gateways.map(async (gateway) =>
      gateway.settle({
        uses: [{ account, credential, exit, down: 10 }],
        exits: [{ id: exit, dials: 1, failures: 0, latency_ms: 1 }],
      }),
    ),
  );
  expect(settled.map(({ outcome }) => outcome)).toEqual(gateways.map(() => 'settled'));
  const row = await db.one<{ bytes: string }>('select sum(bytes_up + bytes_down) as bytes from usage_rollup');
  expect(Number(row.bytes)).toBe(120);
  expect(await partitions()).toHaveLength(tables.length);
});

test('who holds a table keeps the job from dropping it, and from nothing else', async () => {
  const now = new Date().toISOString();
  await db.query(`select ensure_month(t, '2020-01-01Z', 70) from unnest($1::text[]) t`, [tables]);
  await db.query(`drop table if exists usage_rollup_${await month(now, 2)}`);
  const reader = await db.begin();
  await reader.query('select count(*) from usage_rollup');
  const dropped = await keep(now);
  expect(dropped).toEqual(['batch_receipt_202001']);
  const after = await partitions();
  for (const name of dropped) expect(after).not.toContain(name);
  expect(after).toContain(`usage_rollup_${await month(now, 2)}`);
  await reader.commit();
  expect(await keep(now)).toEqual(['exit_dial_202001', 'rejection_202001', 'usage_rollup_202001']);
});
