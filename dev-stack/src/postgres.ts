import { open, readFile, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from '@marvel/shared/result';
import { Client } from 'pg';
import { spawnGuarded, type GuardedProcess, type ProcessExit } from './guarded-process.ts';
import { reservePorts } from './ports.ts';
import { unprivilegedAccount, type Account } from './postgres/account.ts';
import { postgresBinaries, type PostgresBinaries, type UnsupportedPlatform } from './postgres/binaries.ts';
import {
  completeDataDirectory,
  reachableDataDirectory,
  superuser,
  superuserPassword,
  temporaryDataDirectory,
  type DataDirectoryFailure,
} from './postgres/data-directory.ts';
import {
  claimPostmaster,
  findPostmaster,
  isReady,
  removeStaleLock,
  stopSignals,
  stopStepTimeoutMs,
  stopOrphan,
} from './postgres/postmaster.ts';

export interface PostgresOptions {
  /** Default: a free one, kept from other stacks for as long as this server is not disposed of. */
  readonly port?: number;
  /** Where the database lives on. Default: a throw-away directory, without fsync, removed when disposed of. */
  readonly dataDirectory?: string;
  /** Data directory of a stopped cluster that a new database begins as. Default: made from nothing. */
  readonly copyOf?: string | undefined;
}

export type PostgresFailure =
  | UnsupportedPlatform
  | DataDirectoryFailure
  /** Another stack that still runs has this database open. */
  | { readonly code: 'in_use'; readonly directory: string; readonly pid: number; readonly ownerPid: number }
  /** The server ended, or was not ready within a minute; `log` is the end of its log. */
  | { readonly code: 'did_not_start'; readonly port: number; readonly log: string };

/** A PostgreSQL server on 127.0.0.1. Disposing of it stops it and, for a throw-away database, removes its files. */
export interface Postgres extends AsyncDisposable {
  readonly port: number;
  /** The database `marvel` as its owner, an ordinary role as on Neon. */
  readonly url: string;
  /** The database `marvel` as superuser, for tests that look at or end other sessions. */
  readonly adminUrl: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly running: boolean;
  /** Of the server as it runs now, or ran last. */
  readonly pid: number;
  /** Settles when the server that runs now has ended, told to or not. */
  readonly exited: Promise<ProcessExit>;
  /** Stops in order: sessions are ended, a checkpoint is written. */
  stop(): Promise<void>;
  /** Ends it as a crash would; the next start recovers. Nothing that was committed is lost. */
  crash(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<Result<void, PostgresFailure>>;
}

const role = 'marvel';
const databaseName = 'marvel';

/** Recovery after a crash may replay much; a server that takes longer than this will not come. */
const startTimeoutMs = 60_000;
const pollMs = 10;
/** What a person needs of the log to see why the server did not start. */
const logTailCharacters = 4_000;

const serverSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // The Neon front's pool, its WebSocket sessions and whatever a test opens by itself.
  max_connections: '200',
  shared_buffers: '128MB',
  // No replica and no archive ever reads this log.
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  // A statement whose client is gone, waiting for a lock perhaps, is ended and not finished for nobody.
  client_connection_check_interval: '250ms',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // DETAIL repeats the values of a row, which may be secret.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

/**
 * The operating system keeps what was written when only the server crashes, so nothing committed is lost; losing power
 * would lose it. Commits stay synchronous even here: what a test was told is committed must survive `crash()`.
 */
const throwAwaySettings = { fsync: 'off', full_page_writes: 'off', wal_init_zero: 'off', wal_recycle: 'off' };

interface Cluster {
  readonly account: Account | undefined;
  readonly binaries: PostgresBinaries;
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly port: number;
  /** The folder to remove at the end; undefined for a database that lives on. */
  readonly throwAwayHome: string | undefined;
}

function databaseUrl(port: number, user: string, password: string, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}

/** Where the database `marvel` of a server on this port is, for its owner; also before it runs. */
export function marvelDatabaseUrl(port: number): string {
  return databaseUrl(port, role, role, databaseName);
}

/** Makes sure that no running stack has the database in a directory open. Errors: `in_use`. */
export async function checkUnused(directory: string): Promise<Result<void, PostgresFailure>> {
  const target = await realpath(directory).catch(() => undefined);
  const postmaster = target === undefined ? undefined : await findPostmaster(target);
  if (postmaster?.state !== 'owned') return ok(undefined);
  return err({ code: 'in_use', directory, pid: postmaster.pid, ownerPid: postmaster.ownerPid });
}

/** Ends or refuses a server that still runs on the data directory, so that a new one may start. */
async function freeDataDirectory(directory: string): Promise<Result<void, PostgresFailure>> {
  const postmaster = await findPostmaster(directory);
  if (postmaster.state === 'owned') {
    return err({ code: 'in_use', directory, pid: postmaster.pid, ownerPid: postmaster.ownerPid });
  }
  if (postmaster.state === 'orphan') await stopOrphan(postmaster.pid, directory);
  await removeStaleLock(directory);
  return ok(undefined);
}

/** Starts the server and waits until it takes connections. */
async function launch(cluster: Cluster): Promise<Result<GuardedProcess, PostgresFailure>> {
  const { account, binaries, dataDirectory, logFile, port, throwAwayHome } = cluster;
  const settings = { ...serverSettings, ...(throwAwayHome === undefined ? {} : throwAwaySettings) };
  await claimPostmaster(dataDirectory);
  await using log = await open(logFile, 'w'); // one run at a time, so that it cannot grow for ever
  const server = await spawnGuarded(
    binaries.postgres,
    [
      '-D',
      dataDirectory,
      '-p',
      `${port}`,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      ...account,
      cwd: dataDirectory,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', log.fd, log.fd],
      lastSignal: 'SIGINT',
      ...(throwAwayHome === undefined ? {} : { lastRemoved: throwAwayHome }),
    },
  );
  for (let waitedMs = 0; waitedMs < startTimeoutMs && server.running; waitedMs += pollMs) {
    if (await isReady(dataDirectory, server.pid)) return ok(server);
    await sleep(pollMs);
  }
  await end(server);
  const output = await readFile(logFile, 'utf8');
  return err({ code: 'did_not_start', port, log: output.slice(-logTailCharacters).trim() });
}

/** Ends the server, with more force each time it does not listen. */
async function end(server: GuardedProcess): Promise<void> {
  for (const signal of stopSignals) {
    if (!server.running) return;
    server.signal(signal);
    const timeout = new AbortController();
    await Promise.race([
      server.exited,
      sleep(stopStepTimeoutMs, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
  }
}

/** Makes the stack's role and database where they are missing, as after the first start. */
async function prepare(port: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl(port, superuser, superuserPassword, 'postgres') });
  await client.connect();
  try {
    const roles = await client.query('select from pg_roles where rolname = $1', [role]);
    if (roles.rowCount === 0) await client.query(`create role ${role} login createdb password '${role}'`);
    const databases = await client.query('select from pg_database where datname = $1', [databaseName]);
    if (databases.rowCount === 0) await client.query(`create database ${databaseName} owner ${role}`);
  } finally {
    await client.end();
  }
}

/** Where the database lives: the given directory, or a throw-away one. */
async function locate(
  options: PostgresOptions,
  account: Account | undefined,
): Promise<Result<Pick<Cluster, 'dataDirectory' | 'logFile' | 'throwAwayHome'>, DataDirectoryFailure>> {
  if (options.dataDirectory === undefined) {
    const { home, dataDirectory } = await temporaryDataDirectory(account);
    return ok({ dataDirectory, logFile: join(home, 'postgres.log'), throwAwayHome: home });
  }
  const reachable = await reachableDataDirectory(options.dataDirectory, account);
  if (!reachable.ok) return reachable;
  return ok({
    dataDirectory: reachable.value,
    logFile: `${resolve(options.dataDirectory)}.log`,
    throwAwayHome: undefined,
  });
}

/**
 * Starts PostgreSQL with an empty database `marvel`, or the one that an earlier start left in `dataDirectory`.
 *
 * Copes with what an interrupted start leaves: a half-made cluster is made again, the lock of a dead server is removed,
 * a server whose stack is gone is stopped. Takes one to two seconds the first time.
 * Errors: `PostgresFailure`; `describePostgresFailure` says it to a person.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Result<Postgres, PostgresFailure>> {
  await using undo = new AsyncDisposableStack();
  const account = await unprivilegedAccount();
  const binaries = await postgresBinaries(account);
  if (!binaries.ok) return binaries;
  const reservation = options.port === undefined ? undo.use(await reservePorts(['postgres'])) : undefined;
  const port = options.port ?? reservation?.ports.postgres ?? 0;
  const place = await locate(options, account);
  if (!place.ok) return place;
  const { throwAwayHome } = place.value;
  if (throwAwayHome !== undefined) undo.defer(async () => rm(throwAwayHome, { recursive: true, force: true }));

  const cluster: Cluster = { ...place.value, account, binaries: binaries.value, port };
  const freed = await freeDataDirectory(cluster.dataDirectory);
  if (!freed.ok) return freed;
  const completed = await completeDataDirectory(cluster.dataDirectory, cluster.binaries, account, options.copyOf);
  if (!completed.ok) return completed;
  const launched = await launch(cluster);
  if (!launched.ok) return launched;
  let server = launched.value;
  undo.defer(async () => end(server));
  await prepare(port);

  const owned = undo.move();
  return ok({
    port,
    url: marvelDatabaseUrl(port),
    adminUrl: databaseUrl(port, superuser, superuserPassword, databaseName),
    dataDirectory: cluster.dataDirectory,
    logFile: cluster.logFile,
    get running() {
      return server.running;
    },
    get pid() {
      return server.pid;
    },
    get exited() {
      return server.exited;
    },
    stop: async () => end(server),
    async crash() {
      server.signal('SIGQUIT');
      await server.exited;
    },
    async start() {
      if (server.running) return ok(undefined);
      const relaunched = await launch(cluster);
      if (!relaunched.ok) return relaunched;
      server = relaunched.value;
      return ok(undefined);
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  });
}

/** One paragraph for a person: what is wrong and what to do. */
export function describePostgresFailure(failure: PostgresFailure): string {
  switch (failure.code) {
    case 'unsupported_platform':
      return `There is no packaged PostgreSQL for ${failure.platform}.`;
    case 'unreachable':
      return `PostgreSQL cannot run as root, and the user it runs as instead cannot reach ${failure.directory}; remove it, or run as its owner.`;
    case 'foreign_directory':
      return `${failure.directory} holds something other than a PostgreSQL database; move it away or choose another directory.`;
    case 'other_version':
      return `${failure.directory} was made by PostgreSQL ${failure.found}, this is ${failure.wanted}; remove the directory to start afresh.`;
    case 'initdb_failed':
      return `The database could not be made in ${failure.directory}:\n${failure.output}`;
    case 'in_use':
      return `The database in ${failure.directory} is in use by a running stack (process ${failure.ownerPid}); stop that one first.`;
    case 'did_not_start':
      return `PostgreSQL did not start on port ${failure.port}. The end of its log:\n${failure.log}`;
  }
}
