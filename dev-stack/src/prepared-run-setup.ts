import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { announcePreparedRun, preparedRun } from './prepared-run.ts';
import { removeWhenGone } from './remove-when-gone.ts';

const prepareProgram = fileURLToPath(new URL('prepare-run.ts', import.meta.url));

/** Called by vitest for each room that needs a prepared run, one after the other; the first one makes it for all. */
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  if (preparedRun() !== undefined) return undefined;
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'marvel-test-run-')));
  // A run that is interrupted is torn down by nobody, and some of one that ends still write what they have compiled.
  await removeWhenGone(folder);
  const remove = async () => rm(folder, { recursive: true, force: true, maxRetries: 10 });
  try {
    // A process of its own: vitest runs this file through a loader that does not know all of Node.
    await promisify(execFile)(process.execPath, [prepareProgram, folder]);
  } catch (error) {
    await remove();
    throw error;
  }
  announcePreparedRun(folder);
  return remove;
}
