import { join } from 'node:path';
import { defaultStateDirectory, startStack } from './create-stack.ts';
import { describeProgramFailure, reportBug } from './parts/program.ts';
import { describeStackFailure } from './stack-failure.ts';
import { compileNativeSockets } from './start/compile-native-sockets.ts';
import { readArguments, usage, type StartArguments } from './start/arguments.ts';
import { greet } from './start/greeting.ts';
import { watchLaunchers } from './start/launchers.ts';
import { publishStackInfo } from './start/well-known-file.ts';

// The only file of the dev stack that touches this process: arguments, signals, output, exit code.

const exitFailed = 1;
const exitUsage = 2;
/** As shells write the end by a signal. Source: POSIX, "Exit Status for Commands". */
const exitInterrupted = 130;

const startedAtMs = performance.now();

function say(step: string): void {
  const elapsedS = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  console.log(`${elapsedS.padStart(6)} s  ${step}`);
}

/** A Ctrl-C reaches this process from the terminal, and perhaps once more from pnpm. */
const samePressMs = 500;

/**
 * Fires at the first Ctrl-C or SIGTERM, and when what launched this program is gone; a second Ctrl-C ends this process at
 * once, and its guards what it started.
 */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  let toldAtMs = 0;
  function stopOnce(): void {
    if (stop.signal.aborted) return;
    toldAtMs = performance.now();
    say('stopping; once more to stop at once');
    stop.abort();
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted && performance.now() - toldAtMs > samePressMs) process.exit(exitInterrupted);
      stopOnce();
    });
  }
  watchLaunchers(stopOnce).catch(reportBug);
  return stop.signal;
}

async function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

async function run({ stateDirectory, ...wanted }: StartArguments): Promise<number> {
  const signal = listenForStop();
  say(await compileNativeSockets());
  const started = await startStack({
    ephemeral: wanted.ephemeral,
    gateways: wanted.gateways,
    processes: wanted.processes,
    ports: wanted.ports,
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
    signal,
    onProgress: say,
    onUnexpectedEnd: (end) => console.error(`\n${describeProgramFailure(end)}\n`),
  });
  if (!started.ok) {
    if (started.error.code !== 'interrupted') console.error(`\n${describeStackFailure(started.error)}\n`);
    else say('stopped');
    return started.error.code === 'interrupted' ? exitInterrupted : exitFailed;
  }
  const stack = started.value;
  const unpublish = wanted.ephemeral
    ? await publishStackInfo(join(stateDirectory ?? defaultStateDirectory, 'stack.json'), stack.info)
    : undefined;
  say('ready');
  console.log(greet(stack.info, stack.stateDirectory));
  // Keeps this process alive: a part that lives in another one does not.
  const alive = setInterval(() => undefined, 60_000);
  await stopped(signal);
  clearInterval(alive);
  await unpublish?.();
  await stack[Symbol.asyncDispose]();
  say('stopped');
  return 0;
}

// The terminal may go away before its program: nobody reads then, and that is no reason to stop half-way.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const parsed = readArguments(process.argv.slice(2), process.env);
if (!parsed.ok) {
  console.error(`${parsed.error}\n\n${usage()}`);
  process.exitCode = exitUsage;
} else if (parsed.value.help) {
  console.log(usage());
} else {
  process.exitCode = await run(parsed.value);
}
