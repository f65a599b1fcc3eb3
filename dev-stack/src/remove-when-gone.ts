import { spawnGuard } from './spawn-guard.ts';

/** What others still write while it removes, the guard removes with the next of its tries, for ten seconds. */
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
  await spawnGuard(guardScript, [folder]);
}
