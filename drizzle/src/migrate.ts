import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { err, ok, type Result } from '@marvel/shared/result';
import { Client, DatabaseError } from 'pg';

/** One file of `migrations/`. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256, hex. */
  readonly checksum: string;
}

export interface MigrateOptions {
  /** Told of each migration that was applied, in order. */
  readonly onStep?: (name: string) => void;
  /** Default: the files of this room. */
  readonly migrations?: readonly Migration[];
}

/** What was done: the names that were applied now, and how many there had been before. */
export interface MigrateReport {
  readonly applied: readonly string[];
  readonly before: number;
}

/** Why a database is not at the newest state. Whatever was applied before the failure stays; the failed file left nothing. */
export type MigrateFailure =
  | { readonly code: 'unreachable'; readonly reason: string }
  /** A file that was applied has other text now. */
  | { readonly code: 'edited'; readonly name: string }
  /** The database has a migration that there is no file for: it was made by a newer release. */
  | { readonly code: 'unknown'; readonly name: string }
  /** A file that was not applied comes before one that was. */
  | { readonly code: 'out_of_order'; readonly name: string; readonly after: string }
  | {
      readonly code: 'failed';
      readonly name: string;
      readonly line: number | undefined;
      readonly sqlstate: string | undefined;
      readonly reason: string;
    };

const folder = new URL('../migrations/', import.meta.url);
/** Names our advisory lock among those of the cluster: "marvel" in ASCII. */
const lockKey = '120265299617132';
const connectTimeoutMs = 15_000;

/** Reads the migrations of this room, in the order of their names. */
export async function readMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/**
 * Brings a database to the newest state: every migration that it does not have, in order, each in a transaction of its
 * own. Of several at once one works and the others wait. Merged files are never edited; one that was is refused.
 *
 * `databaseUrl` must reach the server itself, not a pooler: the lock belongs to the session.
 * Errors: `MigrateFailure`; `describeMigrateFailure` says it to a person.
 */
export async function migrate(
  databaseUrl: string,
  options: MigrateOptions = {},
): Promise<Result<MigrateReport, MigrateFailure>> {
  const migrations = options.migrations ?? (await readMigrations());
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: connectTimeoutMs });
  // A server that goes away also fails the query that waits for it; this only keeps the process from ending.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    return err({ code: 'unreachable', reason: reasonOf(error) });
  }
  try {
    // Waits without bound for another migration to end, which is what one wants; ending that one ends the wait.
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    return await applyMissing(client, migrations, options.onStep ?? (() => undefined));
  } finally {
    await client.end();
  }
}

/** One paragraph for a person: what is wrong and what to do. */
export function describeMigrateFailure(failure: MigrateFailure): string {
  switch (failure.code) {
    case 'unreachable':
      return `The database cannot be reached: ${failure.reason}`;
    case 'edited':
      return `${failure.name} was applied to this database with other text. Merged migrations are never edited: restore the file and write a new one.`;
    case 'unknown':
      return `This database has the migration ${failure.name}, for which there is no file: it belongs to a newer release. Use that one.`;
    case 'out_of_order':
      return `${failure.name} was never applied, but ${failure.after} after it was. Give the new migration a later name.`;
    case 'failed': {
      const place = failure.line === undefined ? failure.name : `${failure.name}, line ${failure.line}`;
      return `${place}: ${failure.reason} (SQLSTATE ${failure.sqlstate ?? 'unknown'}). Nothing of this file was kept.`;
    }
  }
}

async function applyMissing(
  client: Client,
  migrations: readonly Migration[],
  onStep: (name: string) => void,
): Promise<Result<MigrateReport, MigrateFailure>> {
  await client.query(
    `create table if not exists migration (
       name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
  );
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from migration order by name',
  );
  const problem = compare(migrations, rows);
  if (problem !== undefined) return err(problem);
  const applied: string[] = [];
  for (const migration of migrations.slice(rows.length)) {
    const failure = await apply(client, migration);
    if (failure !== undefined) return err(failure);
    applied.push(migration.name);
    onStep(migration.name);
  }
  return ok({ applied, before: rows.length });
}

/** What stands between the files and the database; once nothing does, what was applied is a beginning of the files. */
function compare(
  migrations: readonly Migration[],
  rows: readonly { readonly name: string; readonly checksum: string }[],
): MigrateFailure | undefined {
  const files = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of rows) {
    const file = files.get(row.name);
    if (file === undefined) return { code: 'unknown', name: row.name };
    if (file.checksum !== row.checksum) return { code: 'edited', name: row.name };
  }
  const applied = new Set(rows.map((row) => row.name));
  const missing = migrations.find((migration) => !applied.has(migration.name));
  const last = rows.at(-1);
  if (missing === undefined || last === undefined || missing.name > last.name) return undefined;
  return { code: 'out_of_order', name: missing.name, after: last.name };
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<MigrateFailure | undefined> {
  try {
    await client.query('begin');
    await client.query(sql);
    await client.query('insert into migration (name, checksum) values ($1, $2)', [name, checksum]);
    await client.query('commit');
    return undefined;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    const database = error instanceof DatabaseError ? error : undefined;
    const position = database?.position === undefined ? undefined : Number(database.position);
    const line = position === undefined ? undefined : sql.slice(0, position).split('\n').length;
    return { code: 'failed', name, line, sqlstate: database?.code, reason: reasonOf(error) };
  }
}

/** The text of an error; of one that stands for several attempts to connect, that of the first. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  const databaseUrl = process.env['DATABASE_URL'];
  if (databaseUrl === undefined || databaseUrl === '') {
    console.error('DATABASE_URL is not set.');
    process.exitCode = 2;
  } else if (!/^postgres(?:ql)?:\/\//.test(databaseUrl)) {
    // Its text is not repeated: it may hold a password.
    console.error('DATABASE_URL is not a postgresql:// URL.');
    process.exitCode = 2;
  } else {
    const result = await migrate(databaseUrl, { onStep: (name) => console.log(`applied ${name}`) });
    if (result.ok) {
      console.log(`${result.value.applied.length} applied, ${result.value.before} had been before.`);
    } else {
      console.error(describeMigrateFailure(result.error));
      process.exitCode = 1;
    }
  }
}
