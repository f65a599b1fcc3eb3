import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type GuardedProcess, spawnGuarded } from '@marvel/dev-stack/guarded-process';
import type { Site } from '../site.ts';
import type { Door, Running } from './subject.ts';

const run = promisify(execFile);
const startLimitMs = 20_000;
const stopLimitMs = 5000;
const pollMs = 20;
const maxLogText = 2000;

/** Starts a proxy on the proxy's core and waits until its port takes connections. Errors: throws with the end of its log. */
export async function startPinned(
  site: Site,
  command: readonly string[],
  door: Door,
  env: Readonly<Record<string, string>> = {},
): Promise<Running & { readonly pid: number }> {
  const logPath = join(site.folder, `${door.port}.log`);
  const log = await openLog(site, logPath);
  const child = await spawnGuarded('taskset', ['-c', `${site.cores.proxy}`, ...command], {
    cwd: site.folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', log.fd, log.fd],
    lastSignal: 'SIGTERM',
  });
  await log.close();
  const readLog = async () => (await readFile(logPath, 'utf8')).slice(-maxLogText);
  if (!(await opens(door.port, child))) {
    await stop(child);
    throw new Error(`${command[0]} does not listen: ${await readLog()}`);
  }
  return { pid: child.pid, door, log: readLog, [Symbol.asyncDispose]: async () => stop(child) };
}

/**
 * A log as a service manager takes it: through a pipe, by another process on the other core. A proxy that writes its log to a
 * file pays for the page cache, which on some virtual machines costs ten times what it does elsewhere.
 */
async function openLog(site: Site, path: string): Promise<FileHandle> {
  const pipe = `${path}.pipe`;
  await run('mkfifo', [pipe]);
  // It ends with the last who writes.
  const reader = spawn('taskset', ['-c', `${site.cores.load}`, 'sh', '-c', 'exec cat < "$0" > "$1"', pipe, path], {
    stdio: 'ignore',
  });
  reader.on('error', () => {});
  return open(pipe, 'w');
}

async function opens(port: number, child: GuardedProcess): Promise<boolean> {
  const endsAt = performance.now() + startLimitMs;
  while (performance.now() < endsAt && child.running) {
    const socket = createConnection(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      await pause(pollMs);
    } finally {
      socket.destroy();
    }
  }
  return false;
}

/** Ends the proxy and whatever it started, politely at first. */
async function stop(child: GuardedProcess): Promise<void> {
  const exited = child.exited.then(() => true);
  child.signal('SIGTERM');
  if (!(await Promise.race([exited, pause(stopLimitMs, false, { ref: false })]))) child.signal('SIGKILL');
  await exited;
  try {
    // What it left behind in its process group.
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
