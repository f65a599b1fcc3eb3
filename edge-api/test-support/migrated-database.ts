import { readdir, readFile } from 'node:fs/promises';
import { startNeonFront, type NeonFront } from '@marvel/dev-stack/neon-front';
import { describePostgresFailure, startPostgres, type Postgres } from '@marvel/dev-stack/postgres';
import { Pool, type QueryResultRow } from 'pg';

/** A throw-away PostgreSQL with the newest schema, and Neon's protocol before it. */
export interface MigratedDatabase extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly front: NeonFront;
  /** Runs a statement past the Worker, as its owner. */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

const migrations = new URL('../../drizzle/migrations/', import.meta.url);

export async function startMigratedDatabase(): Promise<MigratedDatabase> {
  await using undo = new AsyncDisposableStack();
  const started = await startPostgres();
  if (!started.ok) throw new Error(describePostgresFailure(started.error));
  const postgres = undo.use(started.value);
  const pool = new Pool({ connectionString: postgres.url, max: 2 });
  pool.on('error', () => undefined);
  undo.defer(async () => pool.end());
  const names = (await readdir(migrations)).filter((name) => name.endsWith('.sql')).toSorted();
  for (const name of names) await pool.query(await readFile(new URL(name, migrations), 'utf8'));
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
