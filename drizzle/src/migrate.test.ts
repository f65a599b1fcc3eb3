import { createHash } from 'node:crypto';
import type { Postgres } from '@marvel/dev-stack/postgres';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startEmptyPostgres } from '../test-support/database.ts';
import { migrate, type Migration, readMigrations } from './migrate.ts';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startEmptyPostgres();
});
afterAll(async () => postgres[Symbol.asyncDispose]());
beforeEach(async () => {
  await query('drop schema public cascade');
  await query('create schema public');
});

const first = migration('1_first.sql', 'create table one (id int);\ninsert into one values (1);');
const second = migration('2_second.sql', 'create table two (id int);');

test('every migration of this room is applied once, in order, and told of', async () => {
  const names = (await readMigrations()).map(({ name }) => name);
  const steps: string[] = [];
  const run = async () => migrate(postgres.url, { onStep: (name) => steps.push(name) });
  expect(await run()).toEqual({ ok: true, value: { applied: names, before: 0 } });
  expect(await run()).toEqual({ ok: true, value: { applied: [], before: names.length } });
  expect(steps).toEqual(names);
  expect(names).toEqual(names.toSorted());
});

test('of several at once one works and the others find it done', async () => {
  const results = await Promise.all(Array.from({ length: 6 }, async () => migrate(postgres.url)));
  const applied = results.map((result) => (result.ok ? result.value.applied.length : undefined));
  const all = (await readMigrations()).length;
  expect(applied.toSorted((a = 0, b = 0) => a - b)).toEqual([0, 0, 0, 0, 0, all]);
});

test('a file that fails leaves nothing, says where, and what came before it stays', async () => {
  const broken = migration('2_broken.sql', 'create table two (id int);\nselect 1;\ninsert into nowhere values (1);');
  const result = await migrate(postgres.url, { migrations: [first, broken] });
  expect(result).toMatchObject({
    ok: false,
    error: { code: 'failed', name: '2_broken.sql', line: 3, sqlstate: '42P01' },
  });
  expect(await tables()).toEqual(['migration', 'one']);
  expect(await migrate(postgres.url, { migrations: [first, second] })).toMatchObject({
    value: { applied: ['2_second.sql'], before: 1 },
  });
});

test('a merged file that was edited is refused, and nothing is applied', async () => {
  await migrate(postgres.url, { migrations: [first] });
  const edited = migration(first.name, `${first.sql} `);
  expect(await migrate(postgres.url, { migrations: [edited, second] })).toEqual({
    ok: false,
    error: { code: 'edited', name: '1_first.sql' },
  });
  expect(await tables()).toEqual(['migration', 'one']);
});

test('a database of a newer release is refused', async () => {
  await migrate(postgres.url, { migrations: [first, second] });
  expect(await migrate(postgres.url, { migrations: [first] })).toEqual({
    ok: false,
    error: { code: 'unknown', name: '2_second.sql' },
  });
});

test('a new file that sorts before an applied one is refused', async () => {
  await migrate(postgres.url, { migrations: [second] });
  expect(await migrate(postgres.url, { migrations: [first, second] })).toEqual({
    ok: false,
    error: { code: 'out_of_order', name: '1_first.sql', after: '2_second.sql' },
  });
});

test('a database that cannot be reached is said so', async () => {
  expect(await migrate('postgres://marvel:marvel@127.0.0.1:9/marvel')).toMatchObject({
    error: { code: 'unreachable' },
  });
});

function migration(name: string, sql: string): Migration {
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

async function query(text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function tables(): Promise<readonly unknown[]> {
  const rows = await query(`select tablename from pg_tables where schemaname = 'public' order by tablename`);
  return rows.map((row) => row['tablename']);
}
