import { and, eq, gt, lt, sql } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { attempt, attemptOne, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
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

/** Errors: `unavailable`. */
export async function createSession(
  db: Database,
  given: NewSession & { readonly accountId: string },
): Promise<Result<void, Unavailable>> {
  const made = await attempt(() => db.insert(session).values(given));
  return made.ok ? ok(undefined) : made;
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

/** Signs out. Errors: `not_found`, `unavailable`. */
export async function deleteSession(db: Database, tokenDigest: string): Promise<Result<void, NotFound | Unavailable>> {
  const deleted = await attemptOne(() =>
    db.delete(session).where(eq(session.tokenDigest, tokenDigest)).returning({ accountId: session.accountId }),
  );
  return deleted.ok ? ok(undefined) : deleted;
}
