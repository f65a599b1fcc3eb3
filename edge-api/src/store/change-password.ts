import { and, eq, exists, ne } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { attemptOne, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { account, session } from './schema/account.ts';

/**
 * Replaces the password of an account and ends all its sessions but one.
 *
 * `before` and `after` are hashes. Errors: `not_found` when the hash is no longer that of `before`, and nothing changes;
 * `unavailable`.
 */
export async function changePassword(
  db: Database,
  given: {
    readonly accountId: string;
    readonly before: string;
    /** With a fresh salt, so that no other change has the same. */
    readonly after: string;
    readonly keepTokenDigest: string;
  },
): Promise<Result<void, NotFound | Unavailable>> {
  const { accountId, before, after, keepTokenDigest } = given;
  const withHash = (hash: string) => and(eq(account.id, accountId), eq(account.passwordHash, hash));
  const changed = await attemptOne(async () => {
    const [rows] = await db.batch([
      db.update(account).set({ passwordHash: after }).where(withHash(before)).returning({ id: account.id }),
      db
        .delete(session)
        .where(
          and(
            eq(session.accountId, accountId),
            ne(session.tokenDigest, keepTokenDigest),
            exists(db.select({ id: account.id }).from(account).where(withHash(after))),
          ),
        ),
    ]);
    return rows;
  });
  return changed.ok ? ok(undefined) : changed;
}
