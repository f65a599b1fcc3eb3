import { readConfig } from './config.ts';
import { startGateway } from './gateway.ts';
import { openEventLog } from './observe/event-log.ts';

// The only file that touches the process: settings in, one line out when ready, signals, exit codes.

const standardError = 2;
const failedToStart = 1;

const config = readConfig(process.env);
if (!config.ok) {
  process.stderr.write(`The gateway cannot start:\n${config.error.map((line) => `  ${line}\n`).join('')}`);
  process.exit(failedToStart);
}

const log = openEventLog(config.value.MARVEL_LOG_LEVEL, standardError);
process.on('uncaughtExceptionMonitor', (error) => {
  log.fault('crashed', error);
  log.flushNow();
});

try {
  const gateway = await startGateway(config.value, log);
  const hurry = new AbortController();
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    // A second signal cuts what the first one let go on.
    if (stopping === undefined) stopping = gateway.close(hurry.signal);
    else hurry.abort();
    stopping.then(
      () => process.exit(0),
      (error: unknown) => {
        log.fault('stop_failed', error);
        log.flushNow();
        process.exit(failedToStart);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await gateway.ready;
  process.stdout.write(`${JSON.stringify({ event: 'listening', ...gateway.addresses })}\n`);
} catch (error) {
  process.stderr.write(`The gateway cannot start: ${explain(error)}\n`);
  log.flushNow();
  process.exit(failedToStart);
}

/** Says in a line what went wrong, and which setting to look at where that can be known. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `${error.message}; set another port in MARVEL_LISTEN or in the MARVEL_LISTEN_… of that listener`;
  }
  return error.message;
}
