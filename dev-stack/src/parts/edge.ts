import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ok, type Result } from '@marvel/shared/result';
import { writeFileAtomically } from '../state/write-file-atomically.ts';
import { answersOk } from './answers.ts';
import type { Part } from './part.ts';
import { startProgram, type ProgramFailure, type ProgramOptions } from './program.ts';

/** The Worker in workerd, as `wrangler dev` runs it from the real `wrangler.toml`. */
export interface Edge extends Part {
  readonly url: string;
  readonly pid: number;
  log(): string;
  /** Runs what is due, as the cron trigger does in production; while the stack runs this also happens once a minute. */
  runScheduled(): Promise<void>;
}

export interface EdgeOptions extends Pick<ProgramOptions, 'logFile' | 'onUnexpectedEnd' | 'signal' | 'lastRemoved'> {
  readonly port: number;
  /** Variables and secrets of the Worker. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where the variables are written for wrangler to read. */
  readonly variablesFile: string;
  /** Where wrangler keeps what it keeps. */
  readonly stateDirectory: string;
  /** Where the Worker is already built, so that it need not be; undefined: it is built from its sources. */
  readonly workerFolder: string | undefined;
}

const repository = fileURLToPath(import.meta.resolve('../../../'));
const stopTimeoutMs = 5_000;
/** The cron trigger of `wrangler.toml`, which `wrangler dev` does not run by itself. */
const scheduleMs = 60_000;

/** The program behind the `wrangler` command, without the wrapper that would outlive it. */
const wranglerProgram = fileURLToPath(import.meta.resolve('wrangler'));

/** Keeps wrangler on this machine and its files in the stack's directory. Source: "System environment variables" of its documentation. */
function wranglerEnvironment(stateDirectory: string): Readonly<Record<string, string | undefined>> {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    TMPDIR: process.env['TMPDIR'],
    NO_COLOR: '1',
    CI: '1',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_WRITE_LOGS: 'false',
    WRANGLER_REGISTRY_PATH: resolve(stateDirectory, 'registry'),
    WRANGLER_CACHE_DIR: resolve(stateDirectory, 'cache'),
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    X_LOCAL_EXPLORER: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
  };
}

/** The variables as a dotenv file; single quotes keep everything as it is. */
function dotenv(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (/['\n]/.test(value)) throw new TypeError(`${name} cannot be written in single quotes`);
      return `${name}='${value}'\n`;
    })
    .join('');
}

/** Starts the Worker and waits until it answers; the database may still be away. */
export async function startEdge(options: EdgeOptions): Promise<Result<Edge & AsyncDisposable, ProgramFailure>> {
  const { port, variablesFile, stateDirectory, workerFolder, logFile, onUnexpectedEnd, signal, lastRemoved } = options;
  const url = `http://127.0.0.1:${port}`;
  await writeFileAtomically(variablesFile, dotenv(options.variables));
  const started = await startProgram({
    part: 'control API',
    command: process.execPath,
    args: [
      '--no-warnings',
      wranglerProgram,
      'dev',
      ...(workerFolder === undefined ? [] : [resolve(workerFolder, 'worker.js'), '--no-bundle']),
      `--config=${resolve(repository, 'wrangler.toml')}`,
      `--env-file=${variablesFile}`,
      '--ip=127.0.0.1',
      `--port=${port}`,
      '--inspector-port=0',
      `--persist-to=${stateDirectory}`,
      '--show-interactive-dev-session=false',
    ],
    cwd: repository,
    env: wranglerEnvironment(stateDirectory),
    logFile,
    isReady: async () => answersOk(`${url}/v1/errors`, signal),
    stopTimeoutMs,
    onUnexpectedEnd,
    signal,
    ...(lastRemoved === undefined ? {} : { lastRemoved }),
  });
  if (!started.ok) return started;
  const program = started.value;
  async function runScheduled(): Promise<void> {
    await answersOk(`${url}/cdn-cgi/handler/scheduled`);
  }
  const schedule = setInterval(() => void runScheduled(), scheduleMs).unref();
  return ok({
    url,
    get pid() {
      return program.pid;
    },
    log: () => program.log(),
    runScheduled,
    start: async () => program.start(),
    stop: async () => program.stop(),
    kill: async () => program.kill(),
    async [Symbol.asyncDispose]() {
      clearInterval(schedule);
      await program.stop();
    },
  });
}
