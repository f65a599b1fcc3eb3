import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * The guard waits on a pipe that only this process holds, which the kernel closes however this process ends. What others
 * still write while it removes, it removes with the next of its tries, for ten seconds.
 */
const guardScript = `
read -r _
tries=0
while [ "$tries" -lt 100 ]; do
  rm -rf "$1" 2>/dev/null
  [ -e "$1" ] || exit 0
  sleep 0.1
  tries=$((tries + 1))
done
`;

/** Has a folder removed when this process is gone, be it by Ctrl-C or `kill -9`; it may be removed before. */
export async function removeWhenGone(folder: string): Promise<void> {
  const guard = spawn('/bin/sh', ['-c', guardScript, 'guard', folder], {
    // A group of its own: Ctrl-C in the terminal is not for it.
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(guard, 'spawn');
  guard.unref();
}
