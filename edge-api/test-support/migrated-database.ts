import { startNeonFront, type NeonFront } from '@marvel/dev-stack/neon-front';
import { migrateDatabase } from '@marvel/dev-stack/parts/database';
import { describePostgresFailure, startPostgres, type Postgres } from '@marvel/dev-stack/postgres';
import { preparedRun } from '@marvel/dev-stack/prepared-run';
import { Pool, type QueryResultRow } from 'pg';

/** A throw-away PostgreSQL with the newest schema, and Neon's protocol before it. */
export interface MigratedDatabase extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly front: NeonFront;
  /** Runs a statement past the Worker, as its owner. */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

export async function startMigratedDatabase(): Promise<MigratedDatabase> {
  await using undo = new AsyncDisposableStack();
  const prepared = preparedRun();
  const started = await startPostgres({ copyOf: prepared?.migratedCluster });
  if (!started.ok) throw new Error(describePostgresFailure(started.error));
  const postgres = undo.use(started.value);
  if (prepared === undefined) {
    const migrated = await migrateDatabase(postgres.url, new AbortController().signal);
    if (!migrated.ok) throw new Error(JSON.stringify(migrated.error));
  }
  const pool = new Pool({ connectionString: postgres.url, max: 2 });
  pool.on('error', () => undefined);
  undo.defer(async () => pool.end());
  const front = undo.use(await startNeonFront({ port: 0, postgresPort: postgres.port }));
  const owned = undo.move();
  return {
    postgres,
    front,
    async query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) {
      return (await pool.query<Row>(text, [...values])).rows;
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}
