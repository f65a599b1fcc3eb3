import { describePostgresFailure, startPostgres, type Postgres } from '@marvel/dev-stack/postgres';
import { preparedRun } from '@marvel/dev-stack/prepared-run';
import { Pool, type PoolClient, type QueryResultRow } from 'pg';
import { describeMigrateFailure, migrate } from '../src/migrate.ts';

/** A throw-away PostgreSQL with every migration, and many connections to it. */
export interface Database extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly pool: Pool;
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** The one row of a statement. */
  one<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row>;
  /** Opens a transaction that stays open until `commit`. */
  begin(): Promise<OpenTransaction>;
  /** Resolves when so many statements wait for locks that others hold. */
  untilBlocked(count: number): Promise<void>;
}

export interface OpenTransaction {
  query(text: string, values?: readonly unknown[]): Promise<void>;
  commit(): Promise<void>;
}

const maxConnections = 64;
/** Each look is a round trip, so that these are many seconds. */
const maxLooks = 20_000;

/** Starts a PostgreSQL without any of our tables. */
export async function startEmptyPostgres(): Promise<Postgres> {
  return startCluster(preparedRun()?.emptyCluster);
}

async function startCluster(copyOf: string | undefined): Promise<Postgres> {
  const started = await startPostgres({ copyOf });
  if (!started.ok) throw new Error(describePostgresFailure(started.error));
  return started.value;
}

export async function startDatabase(): Promise<Database> {
  await using undo = new AsyncDisposableStack();
  const prepared = preparedRun();
  const postgres = undo.use(await startCluster(prepared?.migratedCluster));
  if (prepared === undefined) {
    const migrated = await migrate(postgres.url);
    if (!migrated.ok) throw new Error(describeMigrateFailure(migrated.error));
  }
  const pool = new Pool({ connectionString: postgres.url, max: maxConnections });
  pool.on('error', () => undefined);
  undo.defer(async () => pool.end());
  const owned = undo.move();

  async function query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) {
    return (await pool.query<Row>(text, [...values])).rows;
  }
  return {
    postgres,
    pool,
    query,
    async one<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) {
      const rows = await query<Row>(text, values);
      const [row] = rows;
      if (row === undefined || rows.length !== 1) throw new Error(`${rows.length} rows instead of one: ${text}`);
      return row;
    },
    begin: async () => begin(await pool.connect()),
    async untilBlocked(count) {
      for (let looks = 0; looks < maxLooks; looks += 1) {
        const [row] = await query<{ blocked: string }>(
          `select count(*) as blocked from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        if (Number(row?.blocked) >= count) return;
      }
      throw new Error(`${count} statements never waited at once`);
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function begin(client: PoolClient): Promise<OpenTransaction> {
  await client.query('begin');
  return {
    async query(text, values = []) {
      await client.query(text, [...values]);
    },
    async commit() {
      await client.query('commit');
      client.release();
    },
  };
}
