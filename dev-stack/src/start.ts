import { startStack } from './create-stack.ts';
import { describeProgramFailure } from './parts/program.ts';
import { describeStackFailure } from './stack-failure.ts';
import { readArguments, usage, type StartArguments } from './start/arguments.ts';
import { greet } from './start/greeting.ts';

// The only file of the dev stack that touches this process: arguments, signals, output, exit code.

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** As shells write the end by a signal. Source: POSIX, "Exit Status for Commands". */
const EXIT_INTERRUPTED = 130;

const startedAtMs = performance.now();

function say(step: string): void {
  const elapsedS = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  console.log(`${elapsedS.padStart(6)} s  ${step}`);
}

/** Fires at the first Ctrl-C or SIGTERM; a second one ends this process at once, and its guards what it started. */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(EXIT_INTERRUPTED);
      say('stopping; once more to stop at once');
      stop.abort();
    });
  }
  return stop.signal;
}

async function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

async function run({ ephemeral, gateways, ports }: StartArguments): Promise<number> {
  const signal = listenForStop();
  const started = await startStack({
    ephemeral,
    gateways,
    ports,
    signal,
    onProgress: say,
    onUnexpectedEnd: (end) => console.error(`\n${describeProgramFailure(end)}\n`),
  });
  if (!started.ok) {
    if (started.error.code !== 'interrupted') console.error(`\n${describeStackFailure(started.error)}\n`);
    else say('stopped');
    return started.error.code === 'interrupted' ? EXIT_INTERRUPTED : EXIT_FAILED;
  }
  const stack = started.value;
  say('ready');
  console.log(greet(stack.info, stack.stateDirectory));
  // Keeps this process alive: a part that lives in another one does not.
  const alive = setInterval(() => undefined, 60_000);
  await stopped(signal);
  clearInterval(alive);
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
  process.exitCode = EXIT_USAGE;
} else if (parsed.value.help) {
  console.log(usage());
} else {
  process.exitCode = await run(parsed.value);
}
