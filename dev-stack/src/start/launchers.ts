import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { reportBug } from '../parts/program.ts';

const run = promisify(execFile);

/** One process above this one. */
export interface Ancestor {
  readonly pid: number;
  /** Its command line. */
  readonly command: string;
}

/** `npx` starts a shell, that starts pnpm, that starts a shell; more means that something calls itself. */
const maxAncestors = 8;
const pollMs = 500;

/** A package manager, run by its name or by Node from a file of that name. */
const packageManager = /^(?:\S*node\S* )?(?:\S*\/)?(?:npm|npx|pnpm|pnpx|yarn)(?:-cli)?(?:\.[cm]?js)?(?: |$)/;
/** A shell that runs one command line; one that a person types into is no launcher. */
const shellCommand = /^(?:\S*\/)?(?:ba|da|z)?sh (?:-\S+ )*-\S*c /;

/** The processes above this one, nearest first; none where `ps` is missing. */
async function ancestors(): Promise<readonly Ancestor[]> {
  const found: Ancestor[] = [];
  let pid = process.ppid;
  try {
    while (pid > 1 && found.length < maxAncestors) {
      const { stdout } = await run('ps', ['-o', 'ppid=,command=', '-p', `${pid}`]);
      const [, parent = '', command = ''] = /^\s*(\d+)\s+(.*)/.exec(stdout) ?? [];
      found.push({ pid, command });
      pid = Number(parent);
    }
  } catch {
    // gone meanwhile, or no `ps`: what was found so far is what there is to watch
  }
  return found;
}

/** Of the processes above, nearest first, those that exist only to run this one: up to the outermost package manager. */
export function selectLaunchers(above: readonly Ancestor[]): readonly Ancestor[] {
  const end = above.findIndex(({ command }) => !packageManager.test(command) && !shellCommand.test(command));
  const candidates = end === -1 ? above : above.slice(0, end);
  return candidates.slice(0, candidates.findLastIndex(({ command }) => packageManager.test(command)) + 1);
}

async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // "pid (name) state …": a process that ended and that nobody reaps keeps its number. Elsewhere than on Linux there is no such file.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) [ZX] /.test(stat);
}

/**
 * Calls `onGone` when one of the programs that launched this one has ended: `npx` ends at once on SIGTERM and tells
 * nobody below it. Does not keep the process alive.
 */
export async function watchLaunchers(onGone: () => void): Promise<void> {
  const launchers = selectLaunchers(await ancestors());
  if (launchers.length === 0) return;
  const timer = setInterval(() => {
    look().catch(reportBug);
  }, pollMs);
  async function look(): Promise<void> {
    const running = await Promise.all(launchers.map(async ({ pid }) => isRunning(pid)));
    if (running.every(Boolean)) return;
    clearInterval(timer);
    onGone();
  }
  timer.unref();
}
