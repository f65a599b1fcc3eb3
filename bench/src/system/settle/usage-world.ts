import { Client } from 'pg';
import * as v from 'valibot';

/** What can be used: a credential of an account, through an exit. */
export interface Usable {
  readonly account: string;
  readonly credential: string;
  readonly exit: string;
  readonly country: string;
  readonly network: 'residential' | 'isp' | 'datacenter';
}

/** A database filled as years of business would, without waiting for them. */
export interface UsageWorld extends AsyncDisposable {
  readonly usables: readonly Usable[];
  /** Adds hours of past usage until there are so many rows, and what else grows with them. */
  growTo(usageRows: number): Promise<void>;
  /** Bounds the threads of every key, so that gateways are told of each other's tunnels. */
  limitThreads(): Promise<void>;
  /** Batches that did not settle as they should. */
  anomalies(): Promise<number>;
}

const accounts = 1000;
const keysPerAccount = 5;
const balanceBytes = 1_000_000_000_000;
const usageRowsPerBatch = 100;
const ledgerRowsPerUsageRow = 0.1;

const UsableRow = v.object({
  account: v.string(),
  credential: v.string(),
  exit: v.string(),
  country: v.string(),
  network: v.picklist(['residential', 'isp', 'datacenter']),
});
const CountRow = v.object({ count: v.number() });

/** Fills the database of a stack; `ghost` is an enrolled gateway to which the past batches are put down. */
export async function openUsageWorld(url: string, ghost: string): Promise<UsageWorld> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const count = async (sql: string) => v.parse(CountRow, (await client.query<object>(sql)).rows[0]).count;

  await client.query(
    `insert into account (id, email, password_hash)
     select 'acc_bench' || n, 'bench' || n || '@example.com', 'none' from generate_series(1, $1::int) n`,
    [accounts],
  );
  await client.query(
    `select adjust_balance('acc_bench' || n, $2::bigint, 'bench', 'bench') from generate_series(1, $1::int) n`,
    [accounts, balanceBytes],
  );
  await client.query(
    `insert into api_key (id, account_id, digest, prefix, label, mode)
     select 'key_bench' || n || 'x' || k, 'acc_bench' || n, 'bench ' || n || ' ' || k, 'mk_live_none', '', 'live'
     from generate_series(1, $1::int) n, generate_series(1, $2::int) k`,
    [accounts, keysPerAccount],
  );
  const found = await client.query<object>(
    `select c.account_id as account, c.id as credential, e.id as exit, e.country, e.network
     from credential c cross join exit e where c.id like 'key_bench%'`,
  );
  const usables = v.parse(v.pipe(v.array(UsableRow), v.minLength(1)), found.rows);
  let hours = 0;
  let transactions = 0;
  let batches = 0;

  async function growTo(usageRows: number): Promise<void> {
    const missing = usageRows - (await count('select count(*)::int from usage_rollup'));
    const more = Math.ceil(missing / usables.length);
    if (more <= 0) return;
    const moreTransactions = Math.ceil((missing * ledgerRowsPerUsageRow) / accounts);
    const moreBatches = Math.ceil(missing / usageRowsPerBatch);
    await client.query(
      `select ensure_month('usage_rollup', now() - h * interval '1 hour', 70) from generate_series($1::int, $2::int, 200) h
       union all select ensure_month('usage_rollup', now() - $2::int * interval '1 hour', 70)`,
      [hours + 1, hours + more],
    );
    await client.query(
      `insert into usage_rollup (account_id, hour, credential_id, exit_id, country, network, dialect, exit_grade, test, bytes_up, bytes_down, connections)
       select c.account_id, date_trunc('hour', now(), 'UTC') - h * interval '1 hour', c.id, e.id, e.country, e.network, 'marvel', e.grade, false, 1000, 9000, 2
       from generate_series($1::int, $2::int) h, credential c cross join exit e where c.id like 'key_bench%'`,
      [hours + 1, hours + more],
    );
    await client.query(
      `with past as (
         insert into ledger_transaction (cause, reference)
         select 'batch', 'past/' || n from generate_series($1::int, $2::int) n returning id
       )
       insert into ledger_entry (ledger_account_id, transaction_id, bytes)
       select 'acc_bench' || n, id, -1000 from past, generate_series(1, $3::int) n
       union all select 'sys_usage', id, 1000 * $3::int from past`,
      [transactions + 1, transactions + moreTransactions, accounts],
    );
    await client.query(
      `insert into usage_batch (gateway_id, boot, seq, digest, opened_at, closed_at, records, bytes, reply)
       select $1, 'past', n, 'none', now(), now(), 1000, 1000, '{}' from generate_series($2::int, $3::int) n`,
      [ghost, batches + 1, batches + moreBatches],
    );
    hours += more;
    transactions += moreTransactions;
    batches += moreBatches;
    await client.query('vacuum (analyze)');
  }

  return {
    usables,
    growTo,
    async limitThreads() {
      await client.query(`update api_key set limits = '{"threads": 100}' where id like 'key_bench%'`);
    },
    anomalies: async () => count('select count(*)::int from anomaly'),
    [Symbol.asyncDispose]: async () => client.end(),
  };
}
