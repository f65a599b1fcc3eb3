import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An operating-system user to run PostgreSQL as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

async function lookUp(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return undefined; // `id` ends with 1 for an unknown user
  }
}

/**
 * The account that PostgreSQL runs as when this process is root, which PostgreSQL refuses; otherwise undefined.
 *
 * `postgres` where the machine has that user, else `nobody`, which every Unix has: starting a local stack adds no user
 * to the machine.
 */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const account = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (account === undefined) throw new Error('this machine has neither a user postgres nor a user nobody');
  return account;
}

/** Whether `account` may enter the directory: every folder above it has to let it through. */
export async function canReach(directory: string, account: Account): Promise<boolean> {
  try {
    await run('test', ['-x', directory], { ...account, cwd: '/' });
    return true;
  } catch {
    return false; // `test` ends with 1
  }
}
