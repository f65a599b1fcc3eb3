import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { err, ok, type Result } from '@marvel/shared/result';
import { canReach, type Account } from './account.ts';
import { postgresMajor, type PostgresBinaries } from './binaries.ts';

const run = promisify(execFile);

/** The superuser of the cluster; the stack itself works as `marvel`, which owns its database and nothing else. */
export const superuser = 'postgres';
/** Good enough for a server that listens on loopback and holds play data. */
export const superuserPassword = 'postgres';

/** Why a directory cannot be used. */
export type DataDirectoryFailure =
  | { readonly code: 'unreachable'; readonly directory: string }
  | { readonly code: 'foreign_directory'; readonly directory: string }
  | { readonly code: 'other_version'; readonly directory: string; readonly found: string; readonly wanted: string }
  | { readonly code: 'initdb_failed'; readonly directory: string; readonly output: string };

/** Written last, so that a directory without it is one whose making was interrupted. */
const completeMark = 'marvel-complete';

/** What `initdb` makes early; a directory with other things in it, and none of these, belongs to someone else. */
const initdbEntries = ['PG_VERSION', 'base', 'global', 'pg_wal', 'postgresql.conf'];

/** Between the name of a data directory and what tells its unfinished successors apart. */
const unfinishedSuffix = '.unfinished-';

type Found = 'absent' | 'complete' | 'half' | 'foreign';

async function inspect(directory: string): Promise<Found> {
  const entries: readonly string[] = await readdir(directory).catch(() => []);
  if (entries.length === 0) return 'absent';
  if (entries.includes(completeMark)) return 'complete';
  return entries.some((entry) => initdbEntries.includes(entry)) ? 'half' : 'foreign';
}

/** Runs `initdb` on an empty directory: UTF-8, and sorting that is the same on every machine. */
async function initialise(
  directory: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
): Promise<Result<void, DataDirectoryFailure>> {
  const passwordFile = join(directory, '..', `.${superuser}-password`);
  await writeFile(passwordFile, `${superuserPassword}\n`, { mode: 0o600 });
  if (account !== undefined) await chown(passwordFile, account.uid, account.gid);
  try {
    await run(
      binaries.initdb,
      [
        `--pgdata=${directory}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        // Neon's driver sends its password unasked, in clear, together with its first query.
        '--auth=password',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-sync',
        '--no-instructions',
      ],
      { ...account, cwd: directory, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' } },
    );
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    return err({ code: 'initdb_failed', directory, output: output.trim() });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await writeFile(join(directory, completeMark), `${postgresMajor}\n`);
  return ok(undefined);
}

/** Copies a cluster that no server runs on, owners and all, to where nothing is yet. */
export async function copyCluster(from: string, to: string): Promise<void> {
  // Its files are many and small: a program is quicker at it than Node.
  await run('cp', ['-a', from, to]);
}

/**
 * Makes the directory a complete cluster of this release, whatever an earlier start left there; a new one is `copyOf`
 * where that is given.
 *
 * A cluster whose making was interrupted is removed and made again. The caller must know that no server runs on it.
 * Errors: `foreign_directory` (something else is in it; nothing is touched), `other_version`, `initdb_failed`.
 */
export async function completeDataDirectory(
  directory: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
  copyOf: string | undefined,
): Promise<Result<void, DataDirectoryFailure>> {
  const found = await inspect(directory);
  if (found === 'foreign') return err({ code: 'foreign_directory', directory });
  if (found === 'complete') {
    const version = (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
    return version === postgresMajor
      ? ok(undefined)
      : err({ code: 'other_version', directory, found: version, wanted: postgresMajor });
  }
  await removeUnfinished(directory);
  // Made beside its place and moved there when it is whole: an `initdb` that outlives a killed start has its own.
  const fresh = `${directory}${unfinishedSuffix}${randomUUID()}`;
  if (copyOf !== undefined) await copyCluster(copyOf, fresh);
  else {
    const made = await makeCluster(fresh, binaries, account);
    if (!made.ok) return made;
  }
  await rm(directory, { recursive: true, force: true });
  await rename(fresh, directory);
  return ok(undefined);
}

/** Makes a new cluster from nothing. */
async function makeCluster(
  fresh: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
): Promise<Result<void, DataDirectoryFailure>> {
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  if (account !== undefined) await chown(fresh, account.uid, account.gid);
  return initialise(fresh, binaries, account);
}

/** Removes what interrupted starts left beside the directory, as far as no `initdb` is still at work there. */
async function removeUnfinished(directory: string): Promise<void> {
  const parent = dirname(directory);
  const prefix = `${basename(directory)}${unfinishedSuffix}`;
  const entries: readonly string[] = await readdir(parent).catch(() => []);
  for (const entry of entries.filter((name) => name.startsWith(prefix))) {
    await rm(join(parent, entry), { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * The directory to work on for a persistent cluster: `wanted` itself or, when the account cannot reach it (a checkout
 * below `/root`), one in the temporary folder that `wanted` then links to. Removing the link starts afresh.
 *
 * Errors: `unreachable`, when there already is a directory that the account cannot reach; it is left alone.
 */
export async function reachableDataDirectory(
  wanted: string,
  account: Account | undefined,
): Promise<Result<string, DataDirectoryFailure>> {
  const path = resolve(wanted);
  await mkdir(dirname(path), { recursive: true });
  const parent = await realpath(dirname(path));
  const existing = await lstat(path).catch(() => undefined);
  if (existing?.isSymbolicLink() === true) {
    const target = await realpath(path).catch(() => undefined);
    if (target !== undefined) return ok(target);
    await rm(path); // its target was cleaned away with the temporary folder
  } else if (account === undefined || (await canReach(parent, account))) {
    return ok(join(parent, basename(path)));
  } else if (existing !== undefined) {
    return err({ code: 'unreachable', directory: path });
  }
  const { dataDirectory } = await temporaryDataDirectory(account);
  await symlink(dataDirectory, path);
  return ok(dataDirectory);
}

/** A new, empty place for a throw-away cluster: a folder to remove afterwards, and the data directory in it. */
export async function temporaryDataDirectory(
  account: Account | undefined,
): Promise<{ readonly home: string; readonly dataDirectory: string }> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'marvel-postgres-')));
  if (account !== undefined) await chown(home, account.uid, account.gid);
  return { home, dataDirectory: join(home, 'data') };
}
