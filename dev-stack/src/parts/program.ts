import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, ok, type Result } from '@marvel/shared/result';
import { spawnGuarded, type GuardedProcess, type ProcessExit } from '../guarded-process.ts';
import type { Part } from './part.ts';

/** Why a program of the stack does not serve; `log` is the end of its log. */
export type ProgramFailure =
  | { readonly code: 'part_ended'; readonly part: string; readonly exit: ProcessExit; readonly log: string }
  | { readonly code: 'part_not_ready'; readonly part: string; readonly afterMs: number; readonly log: string }
  | { readonly code: 'interrupted' };

/** A program of the stack that ended although nobody told it to. */
export type UnexpectedEnd = Extract<ProgramFailure, { readonly code: 'part_ended' }>;

export interface ProgramOptions {
  /** As a person knows it: `gateway-1`. */
  readonly part: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Everything it says, of all its runs in this stack. */
  readonly logFile: string;
  /** Asked until it is true, after a start. */
  readonly isReady: () => Promise<boolean>;
  /** What it may take to end in order after SIGTERM; then it is killed. */
  readonly stopTimeoutMs: number;
  /** What it may take to end in order when this process dies without disposing of the stack. Default 10 s. */
  readonly lastPatienceMs?: number;
  /** A directory to remove when this process dies without disposing of the stack. */
  readonly lastRemoved?: string;
  readonly onUnexpectedEnd: (end: UnexpectedEnd) => void;
  /** Gives a first start up. */
  readonly signal: AbortSignal | undefined;
}

/** A child process of the stack. */
export interface Program extends Part {
  /** Of its present run, or its last. */
  readonly pid: number;
  /** Of its present run, or its last: settles when it has ended. */
  readonly exited: Promise<ProcessExit>;
  log(): string;
}

/** A cold machine compiles and reads much at the first start; a program that takes longer will not come. */
const startTimeoutMs = 60_000;
const pollMs = 20;
/** What a person needs of a log to see why the program does not run. */
const logTailCharacters = 4_000;

/** For promises that nobody waits for: makes an error in one as loud as any other. */
export function reportBug(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Waits until the process has ended or the time is over. */
async function endsWithin(process: GuardedProcess, timeoutMs: number): Promise<boolean> {
  const timeout = new AbortController();
  const isEnded = await Promise.race([
    process.exited.then(() => true),
    sleep(timeoutMs, false, { signal: timeout.signal }).catch(() => false),
  ]);
  timeout.abort();
  return isEnded;
}

/**
 * Starts a program and waits until it serves.
 *
 * Errors: `part_ended` and `part_not_ready` (after a minute) with the end of its log; `interrupted`.
 */
export async function startProgram(options: ProgramOptions): Promise<Result<Program, ProgramFailure>> {
  const { part, logFile, stopTimeoutMs } = options;
  let child: GuardedProcess;
  /** The runs that are meant to end, or that are reported already. */
  const told = new WeakSet<GuardedProcess>();

  const log = () => readFileSync(logFile, 'utf8');
  const logTail = () => log().slice(-logTailCharacters).trim();

  async function kill(): Promise<void> {
    told.add(child);
    child.signal('SIGKILL');
    await child.exited;
  }

  async function launch(flags: 'w' | 'a', signal?: AbortSignal): Promise<Result<void, ProgramFailure>> {
    await using output = await open(logFile, flags);
    const run = await spawnGuarded(options.command, options.args, {
      cwd: options.cwd,
      // What one process has compiled, the next has not to.
      env: { ...options.env, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] },
      stdio: ['ignore', output.fd, output.fd],
      lastSignal: 'SIGTERM',
      ...(options.lastPatienceMs === undefined ? {} : { lastPatienceMs: options.lastPatienceMs }),
      ...(options.lastRemoved === undefined ? {} : { lastRemoved: options.lastRemoved }),
    });
    child = run;
    const deadlineMs = performance.now() + startTimeoutMs;
    while (run.running && performance.now() < deadlineMs) {
      if (signal?.aborted === true) {
        await kill();
        return err({ code: 'interrupted' });
      }
      if (await options.isReady()) {
        watch(run).catch(reportBug);
        return ok(undefined);
      }
      await sleep(pollMs);
    }
    if (!run.running) return err({ code: 'part_ended', part, exit: await run.exited, log: logTail() });
    await kill();
    return err({ code: 'part_not_ready', part, afterMs: startTimeoutMs, log: logTail() });
  }

  /** Reports the end of a run that nobody asked for. */
  async function watch(run: GuardedProcess): Promise<void> {
    const exit = await run.exited;
    if (!told.has(run)) options.onUnexpectedEnd({ code: 'part_ended', part, exit, log: logTail() });
  }

  const launched = await launch('w', options.signal);
  if (!launched.ok) return launched;
  return ok({
    get pid() {
      return child.pid;
    },
    get exited() {
      return child.exited;
    },
    log,
    kill,
    async start() {
      if (child.running) return;
      const relaunched = await launch('a');
      if (!relaunched.ok) throw new Error(describeProgramFailure(relaunched.error));
    },
    async stop() {
      told.add(child);
      child.signal('SIGTERM');
      if (!(await endsWithin(child, stopTimeoutMs))) await kill();
    },
  });
}

/** How a process ended, for a person. */
function describeExit({ code, signal }: ProcessExit): string {
  return signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`;
}

/** One paragraph for a person: which part, and the end of its log. */
export function describeProgramFailure(failure: ProgramFailure): string {
  switch (failure.code) {
    case 'part_ended':
      return `${failure.part} ended ${describeExit(failure.exit)}. The end of its log:\n${failure.log}`;
    case 'part_not_ready':
      return `${failure.part} does not serve after ${failure.afterMs / 1000} s. The end of its log:\n${failure.log}`;
    case 'interrupted':
      return 'Interrupted.';
  }
}
