import { execFile } from 'node:child_process';
import { readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The server that a data directory says is running on it. */
export type Postmaster =
  | { readonly state: 'none' }
  /** Its stack is gone: nobody else will ever stop it. */
  | { readonly state: 'orphan'; readonly pid: number }
  /** It belongs to a stack that still runs. */
  | { readonly state: 'owned'; readonly pid: number; readonly ownerPid: number };

/** Names the process that started the server; beside PostgreSQL's own files, which ignores it. */
const ownerFile = 'marvel-owner.pid';

/** PostgreSQL's lock file. Lines: pid, data directory, start time, port, socket directory, address, memory key, status. */
const lockFile = 'postmaster.pid';
const statusLine = 7;

const pollMs = 20;

async function readLock(dataDirectory: string): Promise<readonly string[]> {
  const text = await readFile(join(dataDirectory, lockFile), 'utf8').catch(() => '');
  return text === '' ? [] : text.split('\n');
}

async function readPid(path: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  return Number.isSafeInteger(pid) ? pid : undefined;
}

/** The parent of a process that works on the data directory; undefined when there is no such process. */
async function parentOfServer(pid: number, dataDirectory: string): Promise<number | undefined> {
  try {
    if (platform() === 'linux') {
      if ((await readlink(`/proc/${pid}/cwd`)) !== dataDirectory) return undefined;
      // "pid (name) state ppid …": the name may hold spaces and brackets, so read from the last bracket on.
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      return Number.parseInt(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '', 10);
    }
    const { stdout } = await run('ps', ['-o', 'ppid=,command=', '-p', `${pid}`]);
    return stdout.includes(dataDirectory) ? Number.parseInt(stdout.trim(), 10) : undefined;
  } catch {
    return undefined; // no such process, or one that we may not look at and so did not start
  }
}

/**
 * Says who runs on the data directory, by looking at the process and not only at its number: numbers are soon used
 * again, in a container above all.
 */
export async function findPostmaster(dataDirectory: string): Promise<Postmaster> {
  const [pidLine] = await readLock(dataDirectory);
  const pid = Number.parseInt(pidLine ?? '', 10);
  if (!Number.isSafeInteger(pid)) return { state: 'none' };
  const parent = await parentOfServer(pid, dataDirectory);
  if (parent === undefined) return { state: 'none' };
  const ownerPid = await readPid(join(dataDirectory, ownerFile));
  // A process whose parent ended is handed to another one, so a server under its owner still has its stack.
  return ownerPid === parent ? { state: 'owned', pid, ownerPid } : { state: 'orphan', pid };
}

/** Whether the running server says that it takes connections. Source: `pg_ctl --wait` reads the same line. */
export async function isReady(dataDirectory: string, pid: number): Promise<boolean> {
  const lines = await readLock(dataDirectory);
  return lines[0] === `${pid}` && lines[statusLine]?.trim() === 'ready';
}

/** Remembers that this process started the server that runs on the data directory. */
export async function claimPostmaster(dataDirectory: string): Promise<void> {
  await writeFile(join(dataDirectory, ownerFile), `${process.pid}\n`);
}

/** Removes the lock of a server that is gone, which PostgreSQL would otherwise judge by its process number alone. */
export async function removeStaleLock(dataDirectory: string): Promise<void> {
  await rm(join(dataDirectory, lockFile), { force: true });
}

/** Fast shutdown, immediate shutdown, and the end. Source: PostgreSQL, "Shutting Down the Server". */
export const stopSignals = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;

/** A fast shutdown writes one checkpoint; a server that takes longer than this for a step hangs. */
export const stopStepTimeoutMs = 10_000;

/** Ends a server that no stack owns any more; within 30 s at the worst. */
export async function stopOrphan(pid: number, dataDirectory: string): Promise<void> {
  for (const signal of stopSignals) {
    process.kill(pid, signal);
    for (let waitedMs = 0; waitedMs < stopStepTimeoutMs; waitedMs += pollMs) {
      if ((await parentOfServer(pid, dataDirectory)) === undefined) return;
      await sleep(pollMs);
    }
  }
}
