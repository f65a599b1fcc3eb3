import { neonConfig } from '@neondatabase/serverless';
import * as v from 'valibot';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../test-support/store.ts';
import { findProxyKey, listProxyKeys } from './proxy-key.ts';
import { findGatewayByToken } from './gateway.ts';
import { listLedger } from './ledger.ts';
import { listReceipts } from './receipt.ts';
import { listRejections } from './rejection.ts';
import { findSession } from './session.ts';
import { readUsage } from './usage.ts';

const { db, database } = await openStore();
const accounts = 2000;
const account = 'acc_10042';
const from = new Date(Date.now() - 20 * 86_400_000);
const to = new Date(Date.now() + 3_600_000);
const Statement = v.object({ query: v.string(), params: v.array(v.unknown()) });
/** A connection whose plans read a table whole only where no index could be used, whatever its size. */
const planner = new Client({ connectionString: database.postgres.url });
/** What was sent to the database, one statement or several at once. */
const Sent = v.union([Statement, v.object({ queries: v.array(Statement) })]);
const sent: v.InferOutput<typeof Statement>[] = [];
neonConfig.fetchFunction = async (url: string, init: RequestInit) => {
  const body = v.parse(Sent, JSON.parse(typeof init.body === 'string' ? init.body : ''));
  sent.push(...('queries' in body ? body.queries : [body]));
  return fetch(url, init);
};

beforeAll(async () => {
  await database.query(
    `insert into account (id, email, password_hash) select 'acc_' || 10000 + n, n || '@example.com', '' from generate_series(1, $1::int) n`,
    [accounts],
  );
  await database.query(
    `insert into api_key (id, account_id, digest, prefix, label, mode)
     select 'key_' || 10000 + n, 'acc_' || 10000 + n, n, '', '', 'live' from generate_series(1, $1::int) n`,
    [accounts],
  );
  await database.query(
    `insert into session (token_digest, account_id, expires_at) select n, 'acc_' || 10000 + n, now() + interval '1 day' from generate_series(1, $1::int) n`,
    [accounts],
  );
  await database.query(
    `insert into gateway (id, name, token_digest, public_key) select 'gtw_' || 10000 + n, '', n, '{}' from generate_series(1, $1::int) n`,
    [accounts],
  );
  await database.query(
    `select ensure_month(t, now() - m * interval '1 month', 70) from unnest(array['usage_rollup', 'rejection']) t, generate_series(0, 2) m`,
  );
  await database.query(
    `insert into usage_rollup (account_id, hour, credential_id, exit_id, country, network, dialect, test, bytes_up, bytes_down, connections)
     select 'acc_' || 10000 + n, date_trunc('hour', now(), 'UTC') - h * interval '1 day', 'key_' || 10000 + n, 'ext_1', 'US', 'residential', 'marvel', false, 1, 1, 1
     from generate_series(1, $1::int) n, generate_series(0, 30) h`,
    [accounts],
  );
  await database.query(
    `insert into rejection (account_id, hour, credential_id, dialect, code, count, last_at)
     select 'acc_' || 10000 + n, date_trunc('hour', now(), 'UTC') - h * interval '1 day', 'key_' || 10000 + n, 'marvel', 'no_capacity', 1, now()
     from generate_series(1, $1::int) n, generate_series(0, 5) h`,
    [accounts],
  );
  await database.query(
    `with t as (insert into ledger_transaction (cause, reference) select 'batch', 'past/' || n from generate_series(1, 20000) n returning id, at),
       r as (insert into batch_receipt (gateway_id, at, boot, seq, opened_at, closed_at, root, signature, secret, transaction_id, leaves, records)
         select 'gtw_10001', at, 'past', id, '', '', '', '', '', id, '', jsonb_build_array(jsonb_build_object('account', $1::text, 'bytes_up', 1, 'bytes_down', 0)) from t)
     insert into ledger_entry (ledger_account_id, transaction_id, bytes)
     select a, id, -1 from t, unnest(array[$1, 'acc_10043', 'acc_10044']) a union all select 'sys_usage', id, 3 from t`,
    [account],
  );
  await database.query('vacuum analyze');
  await planner.connect();
  await planner.query('set enable_seqscan = off');
});
afterAll(async () => planner.end());

/** The names of the tables that the statements of `work` would read from end to end. */
async function readWhole(work: () => Promise<unknown>): Promise<readonly string[]> {
  sent.length = 0;
  await work();
  expect(sent.length).toBeGreaterThan(0);
  const names: string[] = [];
  for (const { query, params } of sent) {
    const { rows } = await planner.query<object>(`explain (format json) ${query}`, params);
    JSON.stringify(rows, (_key, value: unknown) => {
      if (isSeqScan(value)) names.push(value['Relation Name']);
      return value;
    });
  }
  return names;
}

function isSeqScan(value: unknown): value is { readonly 'Relation Name': string } {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'Node Type') === 'Seq Scan';
}

test('what is read whole is noticed', async () => {
  expect(await readWhole(async () => db.execute('select sum(bytes) from ledger_entry'))).toEqual(['ledger_entry']);
});

test.each<[string, () => Promise<unknown>]>([
  ['a session', async () => findSession(db, '77')],
  ['the keys of an account', async () => listProxyKeys(db, account)],
  ['a key', async () => findProxyKey(db, account, 'key_10042')],
  ['the token of a gateway', async () => findGatewayByToken(db, '77')],
  ['a page of the ledger', async () => listLedger(db, account, { limit: 100 })],
  ['a period of the ledger', async () => listLedger(db, account, { from, to, limit: 100, after: 10_000 })],
  ['a page of receipts', async () => listReceipts(db, account, { limit: 20 })],
  ['usage by day', async () => readUsage(db, { accountId: account, from, to, groupBy: ['day'] })],
  [
    'usage by key and country',
    async () => readUsage(db, { accountId: account, from, to, groupBy: ['key', 'country'] }),
  ],
  ['rejections', async () => listRejections(db, account, { from, to, limit: 100 })],
])('%s is found by index, whatever the size of the tables', async (_what, work) => {
  expect(await readWhole(work)).toEqual([]);
});
