import { and, eq, ne } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { account, session } from './schema/account.ts';

/** Replaces the password of an account and ends all its sessions but one. Errors: `unavailable`. */
export async function changePassword(
  db: Database,
  given: { readonly accountId: string; readonly passwordHash: string; readonly keepTokenDigest: string },
): Promise<Result<void, Unavailable>> {
  const { accountId, passwordHash, keepTokenDigest } = given;
  const changed = await attempt(() =>
    db.batch([
      db.update(account).set({ passwordHash }).where(eq(account.id, accountId)),
      db.delete(session).where(and(eq(session.accountId, accountId), ne(session.tokenDigest, keepTokenDigest))),
    ]),
  );
  return changed.ok ? ok(undefined) : changed;
}
