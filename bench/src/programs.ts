import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { err, ok, type Result } from '@marvel/shared/result';

/** The compiled programs of `native/`, by path. */
export interface Programs {
  readonly load: string;
  readonly origin: string;
  readonly relay: string;
}

const run = promisify(execFile);
const sources = join(import.meta.dirname, '../native');
const nativeSockets = fileURLToPath(new URL('../../gateway/native/compile.ts', import.meta.url));
const compileLimitMs = 60_000;

/**
 * Compiles what is not yet compiled into `folder`, each named after the digest of all sources, and the gateway's native sockets.
 *
 * Errors: what gcc said, or that there is none.
 */
export async function compilePrograms(folder: string): Promise<Result<Programs, string>> {
  await mkdir(folder, { recursive: true });
  await run(process.execPath, [nativeSockets], { timeout: compileLimitMs });
  const hash = createHash('sha256');
  for (const file of (await readdir(sources)).toSorted()) hash.update(await readFile(join(sources, file)));
  const digest = hash.digest('hex').slice(0, 12);
  const path = (name: string) => join(folder, `${name}-${digest}`);
  const programs: Programs = { load: path('load'), origin: path('origin'), relay: path('relay') };
  for (const name of ['load', 'origin', 'relay'] as const) {
    const program = programs[name];
    if (existsSync(program)) continue;
    try {
      await run('gcc', ['-O2', '-Wall', '-Wextra', '-o', `${program}.new`, join(sources, `${name}.c`)], {
        timeout: compileLimitMs,
      });
    } catch (error) {
      return err(error instanceof Error && 'stderr' in error ? String(error.stderr) || error.message : String(error));
    }
    await rename(`${program}.new`, program);
  }
  return ok(programs);
}
