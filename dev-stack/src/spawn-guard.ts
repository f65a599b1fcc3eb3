import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Starts a shell script that outlives this process. Its standard input is a pipe that only this process holds, which the
 * kernel closes however this process ends, `kill -9` included: until then `read -r _` waits. `args`: `$1` and so on.
 */
export async function spawnGuard(script: string, args: readonly string[]): Promise<ChildProcess> {
  const guard = spawn('/bin/sh', ['-c', script, 'guard', ...args], {
    // A group of its own: Ctrl-C in the terminal is not for it.
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(guard, 'spawn');
  guard.unref();
  return guard;
}
