import { Usage } from '@marvel/shared/api/usage';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

let account: SignedUp;
let keyId = '';
let subUserId = '';
const hours = ['2026-03-01T10:00:00Z', '2026-03-01T11:00:00Z', '2026-03-02T00:00:00Z'];
const period = 'from=2026-03-01&to=2026-03-03';

async function use(
  hour: string | undefined,
  credential: string,
  country: string,
  grade: string,
  up: number,
  down: number,
) {
  await edge.database.query(`select ensure_month('usage_rollup', $1::timestamptz, 70)`, [hour]);
  await edge.database.query(
    `insert into usage_rollup (account_id, hour, credential_id, exit_id, country, network, dialect, exit_grade, test, bytes_up, bytes_down, connections)
     values ($1, $2, $3, $4, $5, 'residential', 'marvel', $6, false, $7, $8, 1)`,
    [account.accountId, hour, credential, `ext_${country}${grade}0000`, country, grade, up, down],
  );
}

function idOf(json: unknown): string {
  return v.parse(v.object({ id: v.string() }), json).id;
}

function counts(up: number, down: number, connections: number) {
  return { bytes_up: up, bytes_down: down, bytes: up + down, connections };
}

beforeAll(async () => {
  account = await edge.signUp(1000);
  const { token } = account;
  keyId = idOf((await edge.call('POST', '/v1/keys', { token })).json);
  subUserId = idOf((await edge.call('POST', '/v1/sub-users', { token, body: { username: 'user_1' } })).json);
  await use(hours[0], keyId, 'US', 'S', 1, 10);
  await use(hours[1], keyId, 'DE', 'A', 2, 20);
  await use(hours[1], subUserId, 'US', 'S', 4, 40);
  await use(hours[2], subUserId, 'US', 'B', 8, 80);
});

async function read(query: string) {
  const reply = await edge.call('GET', `/v1/usage?${query}`, { token: account.token });
  expect(reply.status).toBe(200);
  return v.parse(Usage, reply.json);
}

test('without a query it is the balance and the last thirty days', async () => {
  const { balance_bytes, used_bytes, period: given, data } = await read('');
  expect({ balance_bytes, used_bytes, data }).toEqual({ balance_bytes: 1000, used_bytes: 0, data: [] });
  const days = (Date.parse(given.to) - Date.parse(given.from)) / 86_400_000;
  expect(days).toBeGreaterThanOrEqual(30);
  expect(days).toBeLessThan(30.05);
});

test('a period holds what was used from its first hour up to its end', async () => {
  expect(await read(period)).toMatchObject({
    used_bytes: 165,
    period: { from: '2026-03-01T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z' },
  });
  expect(await read('from=2026-03-01T11:30:00Z&to=2026-03-02')).toMatchObject({
    used_bytes: 66,
    period: { from: '2026-03-01T11:00:00.000Z' },
  });
});

test('rows stand for the groups asked for, and sum to what was used', async () => {
  expect((await read(`${period}&group_by=day`)).data).toEqual([
    { day: '2026-03-01T00:00:00Z', ...counts(7, 70, 3) },
    { day: '2026-03-02T00:00:00Z', ...counts(8, 80, 1) },
  ]);
  expect((await read(`${period}&group_by=hour`)).data.map(({ hour, bytes }) => [hour, bytes])).toEqual([
    [hours[0], 11],
    [hours[1], 66],
    [hours[2], 88],
  ]);
  expect((await read(`${period}&group_by=key,sub_user`)).data).toEqual(
    expect.arrayContaining([
      { key: keyId, sub_user: null, ...counts(3, 30, 2) },
      { key: null, sub_user: subUserId, ...counts(12, 120, 2) },
    ]),
  );
  expect((await read(`${period}&group_by=exit_grade,country`)).data).toEqual([
    { country: 'DE', exit_grade: 'A', ...counts(2, 20, 1) },
    { country: 'US', exit_grade: 'B', ...counts(8, 80, 1) },
    { country: 'US', exit_grade: 'S', ...counts(5, 50, 2) },
  ]);
});

test('an answer that would leave rows out is refused instead', async () => {
  const { accountId, token } = await edge.signUp();
  await edge.database.query(
    `select ensure_month('usage_rollup', month, 70) from (values (timestamptz '2026-01-01Z'), ('2026-02-01Z')) v (month)`,
  );
  await edge.database.query(
    `insert into usage_rollup (account_id, hour, credential_id, dialect, test, bytes_up, bytes_down, connections)
     select $1, timestamptz '2026-01-01T00:00:00Z' + (n / 10) * interval '1 hour', 'key_' || n % 10 || '000', 'marvel', false, 1, 0, 1
     from generate_series(0, 10000) n`,
    [accountId],
  );
  // Each hour of one key is a row: one more than an answer has.
  const ask = async (query: string) => edge.call('GET', `/v1/usage?from=2026-01-01&to=2026-03-01${query}`, { token });
  await edge.database.query(
    `insert into credential (id, account_id, kind) select 'key_' || n || '000', $1, 'key' from generate_series(0, 9) n`,
    [accountId],
  );
  expectFailure(
    await ask('&group_by=hour,key'),
    'invalid',
    'group_by: gives more than 10000 rows; ask for a shorter period or fewer groups',
  );
  expect((await ask('&group_by=hour')).json).toMatchObject({ used_bytes: 10_001 });
});

test('another account’s usage is its own', async () => {
  const { token } = await edge.signUp();
  expect((await edge.call('GET', `/v1/usage?${period}`, { token })).json).toMatchObject({ used_bytes: 0, data: [] });
});

test.each([
  ['from=yesterday', 'from: must be a date or an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z'],
  ['to=2026-13-01', 'to: must be a date that exists'],
  ['to=2026-02-31', 'to: must be a date that exists'],
  ['to=2026-02-28T24:00:01Z', 'to: must be a date that exists'],
  ['to=2026-03-01T00:00:00%2B01:00', 'to: must be a date or an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z'],
  ['from=0000-01-01&to=0000-01-02', 'from: must be a date that exists'],
  ['from=2026-03-02&to=2026-03-01', 'from: must be before to'],
  ['from=2020-01-01&to=2026-03-01', 'from: must be at most 400 days before to'],
  ['group_by=week', 'group_by: must be a list, separated by commas, of hour, day, key, sub_user, country, exit_grade'],
  ['group_by=', 'group_by: must be a list, separated by commas, of hour, day, key, sub_user, country, exit_grade'],
  ['from=2026-03-01&from=2026-03-01', 'a query parameter appears twice'],
  ['limit=5', 'limit: is not known here'],
])('?%s is refused: %s', async (query, message) => {
  expectFailure(await edge.call('GET', `/v1/usage?${query}`, { token: account.token }), 'invalid', message);
});
