import { and, desc, eq, getTableColumns, gt, inArray, lt, sql } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { attempt, attemptOne, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { afterPlace, type AgePlace, exactTime, pageRows, type PageWanted, type Placed } from './page.ts';
import { account, session } from './schema/account.ts';

export interface NewSession {
  /** `credentialDigest` of `tokenDigestInput`. */
  readonly tokenDigest: string;
  readonly expiresAt: Date;
}

/** A live session and the account it speaks for. */
export interface LiveSession {
  readonly accountId: string;
  readonly status: 'active' | 'suspended';
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
}

/** The most that an account may have at a time: one more ends the one that was not seen for the longest. */
export const maxSessions = 1000;

/**
 * Makes a session for whoever proved the password of that hash.
 *
 * Errors: `not_found` when the account has another password by now, so that a sign-in under way does not outlive a change;
 * `unavailable`.
 */
export async function createSession(
  db: Database,
  given: NewSession & { readonly accountId: string; readonly passwordHash: string },
): Promise<Result<void, NotFound | Unavailable>> {
  // The lock makes one of the two wait: a change under way is seen here, or sees this session and ends it. And of several
  // sign-ins at once each counts the others.
  const made = await attemptOne(async () => {
    const [{ rows }] = await db.batch([
      db.execute(sql`
        insert into ${session} (token_digest, account_id, expires_at)
        select ${given.tokenDigest}, a.id, ${given.expiresAt.toISOString()}::timestamptz
        from ${account} a where a.id = ${given.accountId} and a.password_hash = ${given.passwordHash}
        for no key update
        returning account_id`),
      db.delete(session).where(inArray(session.tokenDigest, beyond(db, given.accountId))),
    ]);
    return rows;
  });
  return made.ok ? ok(undefined) : made;
}

/** The sessions for which there is no room, those first that were seen last; a session that is over takes none. */
function beyond(db: Database, accountId: string) {
  return db
    .select({ tokenDigest: session.tokenDigest })
    .from(session)
    .where(eq(session.accountId, accountId))
    .orderBy(sql`${session.expiresAt} > now() desc`, desc(session.lastSeenAt), desc(session.createdAt))
    .offset(maxSessions);
}

/** The session of a token, unless it expired. Errors: `not_found`, `unavailable`. */
export async function findSession(
  db: Database,
  tokenDigest: string,
): Promise<Result<LiveSession, NotFound | Unavailable>> {
  return attemptOne(() =>
    db
      .select({
        accountId: session.accountId,
        status: account.status,
        lastSeenAt: session.lastSeenAt,
        expiresAt: session.expiresAt,
      })
      .from(session)
      .innerJoin(account, eq(account.id, session.accountId))
      .where(and(eq(session.tokenDigest, tokenDigest), gt(session.expiresAt, sql`now()`))),
  );
}

/** Notes that a session is used, at most once a minute: a request need not wait for it. Errors: `unavailable`. */
export async function touchSession(db: Database, tokenDigest: string): Promise<Result<void, Unavailable>> {
  const touched = await attempt(() =>
    db
      .update(session)
      .set({ lastSeenAt: sql`now()` })
      .where(and(eq(session.tokenDigest, tokenDigest), lt(session.lastSeenAt, sql`now() - interval '1 minute'`))),
  );
  return touched.ok ? ok(undefined) : touched;
}

/** The live sessions of an account after a place in the list, newest first: a page, and one more if there is one. Errors: `unavailable`. */
export async function listSessions(
  db: Database,
  accountId: string,
  page: PageWanted<AgePlace>,
): Promise<Result<readonly Placed<typeof session.$inferSelect>[], Unavailable>> {
  return attempt(() =>
    db
      .select({
        ...getTableColumns(session),
        place: exactTime(session.createdAt),
      })
      .from(session)
      .where(and(eq(session.accountId, accountId), gt(session.expiresAt, sql`now()`), afterPlace(session, page)))
      .orderBy(desc(session.createdAt), desc(session.id))
      .limit(pageRows(page)),
  );
}

/** Ends one session of an account. Errors: `not_found`, also for another account's; `unavailable`. */
export async function revokeSession(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<void, NotFound | Unavailable>> {
  const revoked = await attemptOne(() =>
    db
      .delete(session)
      .where(and(eq(session.id, id), eq(session.accountId, accountId)))
      .returning({ id: session.id }),
  );
  return revoked.ok ? ok(undefined) : revoked;
}

/** Ends every session of an account. Errors: `unavailable`. */
export async function revokeSessions(db: Database, accountId: string): Promise<Result<void, Unavailable>> {
  const revoked = await attempt(() => db.delete(session).where(eq(session.accountId, accountId)));
  return revoked.ok ? ok(undefined) : revoked;
}

/** Signs out. Errors: `not_found`, `unavailable`. */
export async function deleteSession(db: Database, tokenDigest: string): Promise<Result<void, NotFound | Unavailable>> {
  const deleted = await attemptOne(() =>
    db.delete(session).where(eq(session.tokenDigest, tokenDigest)).returning({ accountId: session.accountId }),
  );
  return deleted.ok ? ok(undefined) : deleted;
}
