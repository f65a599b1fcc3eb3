import { LedgerPage } from '@marvel/shared/api/ledger';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

let account: SignedUp;

async function adjust(bytes: number, reason: string, key: string, of = account): Promise<void> {
  await edge.database.query('select adjust_balance($1, $2, $3, $4)', [of.accountId, bytes, reason, key]);
}

beforeAll(async () => {
  account = await edge.signUp();
  const { accountId } = account;
  await edge.database.query(
    `insert into invoice (id, account_id, description, bytes, amount_cents, currency) values ('inv_00000001', $1, '', 1000, 100, 'usd')`,
    [accountId],
  );
  await edge.database.query(`select post_payment('pay_00000001', 'pi_1', 'inv_00000001', 100, 'usd')`);
  await adjust(-30, 'a "mistake", undone', 'one');
  await edge.database.query(`select take_back_payment('re_1', 'refund', 'pi_1', 50)`);
  await adjust(5, 'courtesy', 'two');
});

async function read(query = '', of = account) {
  const reply = await edge.call('GET', `/v1/ledger${query}`, { token: of.token });
  expect(reply.status).toBe(200);
  return v.parse(LedgerPage, reply.json);
}

test('tells every movement with its cause, newest first, and the balance after it', async () => {
  const { data, next_cursor } = await read();
  expect(next_cursor).toBeNull();
  expect(data.map(({ id: _id, at: _at, ...entry }) => entry)).toEqual([
    { cause: 'adjustment', reference: `${account.accountId}/two`, note: 'courtesy', bytes: 5, balance_bytes: 475 },
    { cause: 'refund', reference: 're_1', note: 'refund', bytes: -500, balance_bytes: 470 },
    {
      cause: 'adjustment',
      reference: `${account.accountId}/one`,
      note: 'a "mistake", undone',
      bytes: -30,
      balance_bytes: 970,
    },
    { cause: 'payment', reference: 'pi_1', note: 'inv_00000001', bytes: 1000, balance_bytes: 1000 },
  ]);
  const usage = await edge.call('GET', '/v1/usage', { token: account.token });
  expect(usage.json).toMatchObject({ balance_bytes: 475 });
});

test('pages hold each entry once, whatever was added meanwhile', async () => {
  const other = await edge.signUp();
  for (let index = 1; index <= 5; index += 1) await adjust(index, 'x', `k${index}`, other);
  const seen: number[] = [];
  let cursor = '';
  for (let pages = 0; pages < 5; pages += 1) {
    const page = await read(`?limit=2${cursor}`, other);
    seen.push(...page.data.map(({ bytes }) => bytes));
    await adjust(100 + pages, 'later', `later${pages}`, other);
    if (page.next_cursor === null) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  expect(seen).toEqual([5, 4, 3, 2, 1]);
});

test('a cause and a period leave out what is not of them', async () => {
  const bytes = async (query: string) => (await read(query)).data.map((entry) => entry.bytes);
  expect(await bytes('?cause=adjustment')).toEqual([5, -30]);
  expect(await bytes('?cause=expiry')).toEqual([]);
  const [newest] = (await read()).data;
  expect(await bytes(`?from=2026-01-01&to=${newest?.at}`)).not.toContain(5);
  expect(await bytes(`?from=${newest?.at}`)).toContain(5);
  expect(await bytes('?to=2020-01-01')).toEqual([]);
  expect(await bytes('?from=2100-01-01')).toEqual([]);
});

test('a period reads that part of the ledger only, and nothing of it is missed', async () => {
  const other = await edge.signUp();
  await edge.database.query(
    `with t as (
       insert into ledger_transaction (at, cause, reference)
       select timestamptz '2025-01-01T00:00:00Z' + n * interval '2 hours', 'adjustment', 'old/' || n from generate_series(0, 99) n
       returning id
     )
     insert into ledger_entry (ledger_account_id, transaction_id, bytes) select a, id, b from t, (values ($1, 1), ('sys_adjustments', -1)) v (a, b)`,
    [other.accountId],
  );
  await adjust(1, 'now', 'now', other);
  expect((await read('?from=2025-01-02&to=2025-01-03', other)).data).toHaveLength(12);
  expect((await read('?to=2025-01-02', other)).data).toHaveLength(12);
  expect((await read('?from=2025-01-02', other)).data).toHaveLength(89);
});

test('Accept: text/csv gives the same rows as CSV, and links to the next page', async () => {
  const headers = { Accept: 'text/csv' };
  const reply = await edge.call('GET', '/v1/ledger?cause=adjustment', { token: account.token, headers });
  const [first, second] = (await read('?cause=adjustment')).data;
  expect(reply.headers.get('Content-Type')).toBe('text/csv; charset=utf-8; header=present');
  expect(reply.headers.get('Vary')).toContain('Accept');
  expect(reply.text.split('\r\n')).toEqual([
    'id,at,cause,reference,note,bytes,balance_bytes',
    `${first?.id},${first?.at},adjustment,${account.accountId}/two,courtesy,5,475`,
    `${second?.id},${second?.at},adjustment,${account.accountId}/one,"a ""mistake"", undone",-30,970`,
    '',
  ]);
  const page = await edge.call('GET', '/v1/ledger?limit=3', { token: account.token, headers });
  const next = /^<(.+)>; rel="next"$/.exec(page.headers.get('Link') ?? '')?.[1] ?? '';
  const rest = await edge.call('GET', next, { token: account.token, headers });
  expect([rest.text.split('\r\n').length, rest.headers.get('Link')]).toEqual([3, null]);
  const json = await edge.call('GET', '/v1/ledger', {
    token: account.token,
    headers: { Accept: 'application/json, text/csv;q=0.5' },
  });
  expect(json.headers.get('Content-Type')).toBe('application/json');
});

test('a spreadsheet takes no note of the CSV for a formula, and every number for a number', async () => {
  const other = await edge.signUp();
  const notes = ['=HYPERLINK("http://evil.example")', '+1', '-2+3', '@SUM(A1)', 'a=b', "'=1"];
  for (const [index, note] of notes.entries()) await adjust(-1 - index, note, `formula${index}`, other);
  const { text } = await edge.call('GET', '/v1/ledger', { token: other.token, headers: { Accept: 'text/csv' } });
  const shown = text
    .split('\r\n')
    .slice(1, -1)
    .map((line) => /formula\d+,(.*),(-\d+),-\d+$/.exec(line)?.slice(1));
  expect(shown.toReversed()).toEqual([
    [`"'=HYPERLINK(""http://evil.example"")"`, '-1'],
    ["'+1", '-2'],
    ["'-2+3", '-3'],
    ["'@SUM(A1)", '-4'],
    ['a=b', '-5'],
    ["'=1", '-6'],
  ]);
});

test('another account’s ledger is its own, also behind one’s cursor', async () => {
  const other = await edge.signUp();
  const { next_cursor: cursor } = await read('?limit=1');
  expect((await read(`?cursor=${cursor}`, other)).data).toEqual([]);
});

test.each([
  ['from=2026-03-02&to=2026-03-01', 'from: must be before to'],
  ['from=2026-02-31', 'from: must be a date that exists'],
  ['limit=0', 'limit: must be an integer from 1 to 10000'],
  ['limit=10001', 'limit: must be an integer from 1 to 10000'],
  ['order=asc', 'order: is not known here'],
])('?%s is refused: %s', async (query, message) => {
  expectFailure(await edge.call('GET', `/v1/ledger?${query}`, { token: account.token }), 'invalid', message);
});
