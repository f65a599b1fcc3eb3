import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { readConfig } from './config.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { openEventLog } from './observe/event-log.ts';
import { StopWord } from './processes/child.ts';
import { openLogFunnel } from './processes/log-funnel.ts';
import { planProcesses, type ProcessesPlan } from './processes/plan-processes.ts';
import { runProcesses } from './processes/run-processes.ts';

// The only file that touches the process: settings in, one line out when ready, signals, exit codes.

const standardError = 2;
const failed = 1;

const plan = await planProcesses(process.argv.slice(2), process.env, async (path) => readFile(path, 'utf8'));
if (!plan.ok) refuseToStart(plan.error);
else if (plan.value === undefined) await serve();
else await superviseAll(plan.value);

/** Is a gateway: the only one here, or one of several that another process of this program has started. */
async function serve(): Promise<void> {
  const config = readConfig(process.env);
  if (!config.ok) {
    refuseToStart(config.error);
    return;
  }
  const log = openEventLog(config.value.MARVEL_LOG_LEVEL, standardError);
  process.on('uncaughtExceptionMonitor', (error) => {
    log.fault('crashed', error);
    log.flushNow();
  });

  let gateway: Gateway | undefined;
  const hurry = new AbortController();
  let stopping: Promise<void> | undefined;
  const stop = (word: StopWord): void => {
    // Nothing is served yet.
    if (gateway === undefined) process.exit(0);
    if (word === 'cut') hurry.abort();
    stopping ??= gateway.close(hurry.signal).then(
      () => process.exit(0),
      (error: unknown) => {
        log.fault('stop_failed', error);
        log.flushNow();
        process.exit(failed);
      },
    );
  };
  if (process.connected) obeyParent(stop, log.flushNow);
  else onSignals(stop);

  try {
    gateway = await startGateway(config.value, log);
    await gateway.ready;
    process.stdout.write(`${JSON.stringify({ event: 'listening', ...gateway.addresses })}\n`);
  } catch (error) {
    log.flushNow();
    refuseToStart([explain(error)]);
  }
}

/** Starts several gateways and keeps them running. */
async function superviseAll(wanted: ProcessesPlan): Promise<void> {
  const log = openLogFunnel(wanted.config.MARVEL_LOG_LEVEL, standardError);
  try {
    const { supervisor, admin, close } = await runProcesses(
      wanted,
      [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)],
      log,
    );
    onSignals((word) => {
      log.note('info', 'stopping', { word });
      supervisor.stop(word);
    });
    if (await supervisor.ready) {
      const gateways = wanted.processes.map(({ gateway }) => gateway);
      process.stdout.write(`${JSON.stringify({ event: 'listening', processes: gateways.length, gateways, admin })}\n`);
    }
    const isInOrder = await supervisor.ended();
    await close();
    log.note('info', 'stopped', { in_order: isInOrder });
    await log.flush();
    process.exit(isInOrder ? 0 : failed);
  } catch (error) {
    await log.flush();
    refuseToStart([explain(error)]);
  }
}

/** Stops on SIGTERM or SIGINT; a second one cuts what the first let go on. */
function onSignals(stop: (word: StopWord) => void): void {
  let isAgain = false;
  const onSignal = (): void => {
    stop(isAgain ? 'cut' : 'drain');
    isAgain = true;
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** Stops when the parent says so. Signals may reach the whole group, the parent included, and say no more than it does. */
function obeyParent(stop: (word: StopWord) => void, flushLog: () => void): void {
  process.on('message', (message) => {
    const word = v.safeParse(StopWord, message);
    if (word.success) stop(word.output);
  });
  const drain = (): void => {
    stop('drain');
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
  process.on('disconnect', () => {
    // The parent was killed. Another may come in its place, with the same identities: two of one would harm each other.
    flushLog();
    process.exit(failed);
  });
}

function refuseToStart(lines: readonly string[]): void {
  process.stderr.write(`The gateway cannot start:\n${lines.map((line) => `  ${line}\n`).join('')}`);
  process.exit(failed);
}

/** Says in a line what went wrong, and which setting to look at where that can be known. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `${error.message}; set another port in MARVEL_LISTEN or in the MARVEL_LISTEN_… of that listener`;
  }
  return error.message;
}
