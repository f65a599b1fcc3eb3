import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { err, ok, type Result } from '@marvel/shared/result';
import { describePostgresFailure, startPostgres, type Postgres } from '../postgres.ts';
import type { StackFailure } from '../stack-failure.ts';
import type { Part } from './part.ts';
import { reportBug, type UnexpectedEnd } from './program.ts';

/** The database server of the stack. */
export interface DatabasePart extends Part {
  /** The database `marvel` as its owner. */
  readonly url: string;
  readonly pid: number;
}

export interface DatabaseOptions {
  readonly port: number;
  /** Undefined for a throw-away database. */
  readonly dataDirectory: string | undefined;
  /** As in `PostgresOptions`. */
  readonly copyOf: string | undefined;
  readonly onUnexpectedEnd: (end: UnexpectedEnd) => void;
}

const migrateProgram = fileURLToPath(import.meta.resolve('../../../drizzle/src/migrate.ts'));
const partName = 'PostgreSQL';
const logTailCharacters = 4_000;

/** The part of a server, which reports an end that nobody asked for. */
function partOf(postgres: Postgres, onUnexpectedEnd: DatabaseOptions['onUnexpectedEnd']): DatabasePart {
  let runs = 0;
  async function watch(): Promise<void> {
    runs += 1;
    const run = runs;
    const exit = await postgres.exited;
    if (run !== runs) return;
    const log = await readFile(postgres.logFile, 'utf8').catch(() => '');
    onUnexpectedEnd({ code: 'part_ended', part: partName, exit, log: log.slice(-logTailCharacters).trim() });
  }
  watch().catch(reportBug);
  return {
    url: postgres.url,
    get pid() {
      return postgres.pid;
    },
    async stop() {
      runs += 1;
      await postgres.stop();
    },
    async kill() {
      runs += 1;
      await postgres.crash();
    },
    async start() {
      if (postgres.running) return;
      const started = await postgres.start();
      if (!started.ok) throw new Error(describePostgresFailure(started.error));
      watch().catch(reportBug);
    },
  };
}

/** Starts the server. Errors: `postgres`. */
export async function startDatabase(
  options: DatabaseOptions,
): Promise<Result<DatabasePart & AsyncDisposable, StackFailure>> {
  const { port, dataDirectory, copyOf, onUnexpectedEnd } = options;
  const started = await startPostgres({ port, copyOf, ...(dataDirectory === undefined ? {} : { dataDirectory }) });
  if (!started.ok) return err({ code: 'postgres', failure: started.error });
  const postgres = started.value;
  const part = partOf(postgres, onUnexpectedEnd);
  return ok(
    Object.assign(part, {
      async [Symbol.asyncDispose]() {
        await part.stop();
        await postgres[Symbol.asyncDispose]();
      },
    }),
  );
}

/** Brings the database to the newest state with the room that owns it. Errors: `migration`, `interrupted`. */
export async function migrateDatabase(
  databaseUrl: string,
  signal: AbortSignal,
): Promise<Result<readonly string[], StackFailure>> {
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], DATABASE_URL: databaseUrl };
    execFile(process.execPath, [migrateProgram], { env, cwd: '/', signal }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim();
      if (error === null) resolve(ok(output.split('\n')));
      else if (signal.aborted) resolve(err({ code: 'interrupted' }));
      else resolve(err({ code: 'migration', output: output === '' ? error.message : output }));
    });
  });
}
