import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnGuard } from './spawn-guard.ts';

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child that outlives neither an orderly stop nor the sudden death of this process. */
export interface GuardedProcess {
  readonly pid: number;
  readonly running: boolean;
  /** Settles when the process has ended, and with it all that it started in its group. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal; nothing happens when the process has ended. */
  signal(signal: NodeJS.Signals): void;
}

export interface GuardedProcessOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'stdio' | 'uid' | 'gid'> {
  /** What the guard sends when this process is gone. */
  readonly lastSignal: NodeJS.Signals;
  /** How long the guard lets the child end by itself after that signal. Default 10 s. */
  readonly lastPatienceMs?: number;
  /** A directory that the guard removes when this process is gone and the child has ended. */
  readonly lastRemoved?: string;
}

/** When this process is gone the guard ends the child, by force when its patience is over, and removes what it was told to. */
const guardScript = `
read -r _
kill -s "$2" "$1" 2>/dev/null
runs() {
  kill -0 "$1" 2>/dev/null || return 1
  # Where no init reaps orphans, as in many containers, a dead child keeps its number.
  case "$(cat "/proc/$1/stat" 2>/dev/null)" in *") Z "*) return 1 ;; esac
}
tries=0
while runs "$1" && [ "$tries" -lt "$4" ]; do sleep 0.05; tries=$((tries + 1)); done
kill -s KILL "$1" 2>/dev/null
kill -s KILL -- "-$1" 2>/dev/null
if [ -n "$3" ]; then rm -rf "$3"; fi
`;

const defaultLastPatienceMs = 10_000;
/** The `sleep` of the script. */
const guardPollMs = 50;

/** Killed processes are gone within milliseconds; only where no init reaps them they stay as numbers. */
const groupEndTimeoutMs = 500;
const groupPollMs = 5;

/** Signals every process of a group; false when there is none. */
function signalGroup(leaderPid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leaderPid, signal);
    return true;
  } catch {
    return false; // ESRCH: all have ended
  }
}

/** Ends what a process that has ended left behind in its group. */
async function endGroup(leaderPid: number): Promise<void> {
  if (!signalGroup(leaderPid, 'SIGKILL')) return;
  for (let waitedMs = 0; waitedMs < groupEndTimeoutMs && signalGroup(leaderPid, 0); waitedMs += groupPollMs) {
    await sleep(groupPollMs);
  }
}

/**
 * Starts a child in its own process group, so that Ctrl-C in the terminal reaches only this process, which then stops
 * its parts in order; a guard process ends the child should this process not get to it. What the child started in its
 * group ends with it, however it ends.
 *
 * Errors: rejects with Node's spawn error (`ENOENT`, `EACCES`) when the command cannot be run.
 */
export async function spawnGuarded(
  command: string,
  args: readonly string[],
  { lastSignal, lastPatienceMs = defaultLastPatienceMs, lastRemoved, ...options }: GuardedProcessOptions,
): Promise<GuardedProcess> {
  const child = spawn(command, args, { ...options, detached: true });
  const ended = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new TypeError('a spawned process has no pid');

  const guard = await spawnGuard(guardScript, [
    `${pid}`,
    lastSignal.slice('SIG'.length),
    lastRemoved ?? '',
    `${Math.ceil(lastPatienceMs / guardPollMs)}`,
  ]);
  child.once('exit', () => guard.kill('SIGKILL'));
  if (child.exitCode !== null || child.signalCode !== null) guard.kill('SIGKILL');

  const exited = ended.then(async (exit) => {
    await endGroup(pid);
    return exit;
  });
  return {
    pid,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    exited,
    signal(signal) {
      child.kill(signal);
    },
  };
}
