import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { StackInfo } from '../stack-info.ts';
import { writeFileAtomically } from '../state/write-file-atomically.ts';

/**
 * Makes a throw-away stack findable where tools look for one, unless another stack that still runs is found there. Gives the
 * way to take it back, which leaves alone what another stack has written since; `undefined` when nothing was written.
 */
export async function publishStackInfo(file: string, info: StackInfo): Promise<(() => Promise<void>) | undefined> {
  const before = await readStackInfo(file);
  if (before !== undefined && isRunning(before.pids.stack)) return undefined;
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomically(file, `${JSON.stringify(info, undefined, 2)}\n`);
  return async () => {
    const now = await readStackInfo(file);
    if (now?.pids.stack === info.pids.stack) await rm(file, { force: true });
  };
}

async function readStackInfo(file: string): Promise<StackInfo | undefined> {
  try {
    const parsed = v.safeParse(StackInfo, JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.output : undefined;
  } catch {
    // Absent or unreadable: nobody can be found by it.
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
