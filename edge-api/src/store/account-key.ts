import { and, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import { attempt, attemptOne, type Conflict, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { attemptWithRoom, roomStatement, type TooMany } from './room.ts';
import { account, accountKey } from './schema/account.ts';

/** The most keys that an account has at a time. */
export const maxAccountKeys = 100;

/** A key that was not revoked, as far as it may be shown. */
export interface AccountKey {
  readonly id: string;
  readonly prefix: string;
  readonly label: string;
  readonly access: 'read' | 'full';
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  /** Exact to the minute; `null` before the first use. */
  readonly lastUsedAt: Date | null;
}

/** A key that is good now, and the account it speaks for. */
export interface LiveAccountKey {
  readonly id: string;
  readonly accountId: string;
  readonly email: string;
  readonly status: 'active' | 'suspended';
  readonly access: 'read' | 'full';
  readonly lastUsedAt: Date | null;
}

const shown = {
  id: accountKey.id,
  prefix: accountKey.prefix,
  label: accountKey.label,
  access: accountKey.access,
  createdAt: accountKey.createdAt,
  expiresAt: accountKey.expiresAt,
  lastUsedAt: accountKey.lastUsedAt,
};

/** Makes a key. Errors: `too_many`; `conflict` for a repeat under way; `unavailable`. */
export async function createAccountKey(
  db: Database,
  given: {
    readonly id: string;
    readonly accountId: string;
    /** `credentialDigest` of `accountKeyDigestInput`. */
    readonly digest: string;
    readonly prefix: string;
    readonly label: string;
    readonly access: 'read' | 'full';
    readonly expiresAt: Date | null;
  },
  answer?: StoredAnswer,
): Promise<Result<void, TooMany | Conflict | Unavailable>> {
  const made = await attemptWithRoom([answerConstraint], () =>
    db.batch([
      roomStatement(db, given.accountId, 'account_key', maxAccountKeys),
      db.insert(accountKey).values(given),
      ...answerStatements(db, answer),
    ]),
  );
  return made.ok ? ok(undefined) : made;
}

/** The keys of an account that were not revoked, newest first. Errors: `unavailable`. */
export async function listAccountKeys(
  db: Database,
  accountId: string,
): Promise<Result<readonly AccountKey[], Unavailable>> {
  return attempt(() =>
    db
      .select(shown)
      .from(accountKey)
      .where(and(eq(accountKey.accountId, accountId), isNull(accountKey.revokedAt)))
      .orderBy(desc(accountKey.createdAt), desc(accountKey.id)),
  );
}

/** The key of a digest, unless it was revoked or has expired. Errors: `not_found`, `unavailable`. */
export async function findAccountKey(
  db: Database,
  digest: string,
): Promise<Result<LiveAccountKey, NotFound | Unavailable>> {
  return attemptOne(() =>
    db
      .select({
        id: accountKey.id,
        accountId: accountKey.accountId,
        email: account.email,
        status: account.status,
        access: accountKey.access,
        lastUsedAt: accountKey.lastUsedAt,
      })
      .from(accountKey)
      .innerJoin(account, eq(account.id, accountKey.accountId))
      .where(
        and(
          eq(accountKey.digest, digest),
          isNull(accountKey.revokedAt),
          or(isNull(accountKey.expiresAt), gt(accountKey.expiresAt, sql`now()`)),
        ),
      ),
  );
}

/** Notes that a key is used, at most once a minute: a request need not wait for it. Errors: `unavailable`. */
export async function touchAccountKey(db: Database, id: string): Promise<Result<void, Unavailable>> {
  const touched = await attempt(() =>
    db
      .update(accountKey)
      .set({ lastUsedAt: sql`now()` })
      .where(
        and(
          eq(accountKey.id, id),
          or(isNull(accountKey.lastUsedAt), lt(accountKey.lastUsedAt, sql`now() - interval '1 minute'`)),
        ),
      ),
  );
  return touched.ok ? ok(undefined) : touched;
}

/** Revokes a key for good. Errors: `not_found`, also for another account's; `unavailable`. */
export async function revokeAccountKey(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<void, NotFound | Unavailable>> {
  const revoked = await attemptOne(() =>
    db
      .update(accountKey)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(accountKey.id, id), eq(accountKey.accountId, accountId), isNull(accountKey.revokedAt)))
      .returning({ id: accountKey.id }),
  );
  return revoked.ok ? ok(undefined) : revoked;
}
