import { expect, test } from 'vitest';
import { openStore } from '../../test-support/store.ts';
import { newId } from './new-id.ts';
import { createSubUser } from './sub-user.ts';
import { readBalance, readUsage, type UsageGroup } from './usage.ts';

const { db, database, account, key } = await openStore();

const accountId = await account(1_000_000);
const [one, two, test_] = [await key(accountId), await key(accountId), await key(accountId, 'test')];
const subUserId = newId('su');
const subUser = { id: subUserId, accountId, username: 'somebody', digest: 'A'.repeat(43), limits: {} };
await createSubUser(db, subUser);

await rollUp('2026-05-01T10:00:00Z', one, 'ext_one', 'US', 'S', 100);
await rollUp('2026-05-01T11:00:00Z', one, 'ext_two', 'DE', 'A', 20);
await rollUp('2026-05-02T00:00:00Z', two, 'ext_one', 'US', 'S', 3);
await rollUp('2026-05-02T00:00:00Z', subUserId, 'ext_one', 'US', 'S', 4000);
await rollUp('2026-05-02T00:00:00Z', test_, 'ext_one', 'US', 'S', 50_000, true);
await rollUp('2026-05-03T00:00:00Z', one, 'ext_one', 'US', 'S', 600_000);
const other = await account();
await rollUp('2026-05-01T10:00:00Z', await key(other), 'ext_one', 'US', 'S', 7_000_000, false, other);

async function rollUp(
  hour: string,
  credential: string,
  exit: string,
  country: string,
  grade: string,
  bytes: number,
  isTest = false,
  of = accountId,
) {
  await database.query(`select ensure_month('usage_rollup', $1::timestamptz, 70)`, [hour]);
  await database.query(
    `insert into usage_rollup (account_id, hour, credential_id, exit_id, country, network, dialect, exit_grade, test, bytes_up, bytes_down, connections)
     values ($1, $2, $3, $4, $5, 'residential', 'marvel', $6, $7, $8, 0, 1)`,
    [of, hour, credential, exit, country, grade, isTest, bytes],
  );
}

async function read(groupBy: readonly UsageGroup[], from = '2026-05-01T00:00:00Z', to = '2026-05-03T00:00:00Z') {
  const usage = await readUsage(db, { accountId, from: new Date(from), to: new Date(to), groupBy });
  if (!usage.ok) throw new Error(usage.error.code);
  const { balanceBytes, usedBytes, rows } = usage.value;
  expect(balanceBytes).toBe(1_000_000);
  expect(rows.reduce((sum, row) => sum + row.bytesUp + row.bytesDown, 0)).toBe(usedBytes);
  return { usedBytes, rows: rows.map((row) => [...Object.values(row.group), row.bytesUp]) };
}

test('is summed over the period, whose end is not part of it, without test keys and other accounts', async () => {
  expect((await read([])).usedBytes).toBe(4123);
  expect((await read([], '2026-05-01T11:00:00Z', '2026-05-02T00:00:00Z')).usedBytes).toBe(20);
  expect((await read([], '2026-05-03T00:00:00Z', '2026-05-04T00:00:00Z')).usedBytes).toBe(600_000);
  expect(await read([], '2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z')).toEqual({ usedBytes: 0, rows: [[0]] });
});

test('is grouped by each of its groups, in their order', async () => {
  const day1 = '2026-05-01T00:00:00Z';
  const day2 = '2026-05-02T00:00:00Z';
  expect((await read(['day'])).rows).toEqual([
    [day1, 120],
    [day2, 4003],
  ]);
  expect((await read(['hour'])).rows).toEqual([
    ['2026-05-01T10:00:00Z', 100],
    ['2026-05-01T11:00:00Z', 20],
    [day2, 4003],
  ]);
  expect((await read(['country'])).rows).toEqual([
    ['DE', 20],
    ['US', 4103],
  ]);
  expect((await read(['exit_grade'])).rows).toEqual([
    ['A', 20],
    ['S', 4103],
  ]);
  const byKey = (await read(['key'])).rows;
  expect(byKey.at(-1)).toEqual([null, 4000]);
  expect(new Set(byKey.slice(0, -1).map((row) => row.join()))).toEqual(new Set([`${one},120`, `${two},3`]));
  expect((await read(['sub_user'])).rows).toEqual([
    [subUserId, 4000],
    [null, 123],
  ]);
  expect((await read(['country', 'day'])).rows).toEqual([
    ['DE', day1, 20],
    ['US', day1, 100],
    ['US', day2, 4003],
  ]);
});

test('the balance of an account that does not exist is nothing', async () => {
  expect(await readBalance(db, newId('acc'))).toEqual({ ok: true, value: 0 });
});
