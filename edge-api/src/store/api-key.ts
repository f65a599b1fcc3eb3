import { and, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import { attempt, attemptOne, type Conflict, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { attemptWithRoom, roomStatement, type TooMany } from './room.ts';
import { account, apiKey } from './schema/account.ts';

/** The most keys that an account has at a time. */
export const maxApiKeys = 100;

/** A key that was not revoked, as far as it may be shown. */
export interface ApiKey {
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
export interface LiveApiKey {
  readonly id: string;
  readonly accountId: string;
  readonly email: string;
  readonly status: 'active' | 'suspended';
  readonly access: 'read' | 'full';
  readonly lastUsedAt: Date | null;
}

const shown = {
  id: apiKey.id,
  prefix: apiKey.prefix,
  label: apiKey.label,
  access: apiKey.access,
  createdAt: apiKey.createdAt,
  expiresAt: apiKey.expiresAt,
  lastUsedAt: apiKey.lastUsedAt,
};

/** Makes a key. Errors: `too_many`; `conflict` for a repeat under way; `unavailable`. */
export async function createApiKey(
  db: Database,
  given: {
    readonly id: string;
    readonly accountId: string;
    /** `credentialDigest` of `apiKeyDigestInput`. */
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
      roomStatement(db, given.accountId, 'account_key', maxApiKeys),
      db.insert(apiKey).values(given),
      ...answerStatements(db, answer),
    ]),
  );
  return made.ok ? ok(undefined) : made;
}

/** The keys of an account that were not revoked, newest first. Errors: `unavailable`. */
export async function listApiKeys(db: Database, accountId: string): Promise<Result<readonly ApiKey[], Unavailable>> {
  return attempt(() =>
    db
      .select(shown)
      .from(apiKey)
      .where(and(eq(apiKey.accountId, accountId), isNull(apiKey.revokedAt)))
      .orderBy(desc(apiKey.createdAt), desc(apiKey.id)),
  );
}

/** The key of a digest, unless it was revoked or has expired. Errors: `not_found`, `unavailable`. */
export async function findApiKey(db: Database, digest: string): Promise<Result<LiveApiKey, NotFound | Unavailable>> {
  return attemptOne(() =>
    db
      .select({
        id: apiKey.id,
        accountId: apiKey.accountId,
        email: account.email,
        status: account.status,
        access: apiKey.access,
        lastUsedAt: apiKey.lastUsedAt,
      })
      .from(apiKey)
      .innerJoin(account, eq(account.id, apiKey.accountId))
      .where(
        and(
          eq(apiKey.digest, digest),
          isNull(apiKey.revokedAt),
          or(isNull(apiKey.expiresAt), gt(apiKey.expiresAt, sql`now()`)),
        ),
      ),
  );
}

/** Notes that a key is used, at most once a minute: a request need not wait for it. Errors: `unavailable`. */
export async function touchApiKey(db: Database, id: string): Promise<Result<void, Unavailable>> {
  const touched = await attempt(() =>
    db
      .update(apiKey)
      .set({ lastUsedAt: sql`now()` })
      .where(
        and(eq(apiKey.id, id), or(isNull(apiKey.lastUsedAt), lt(apiKey.lastUsedAt, sql`now() - interval '1 minute'`))),
      ),
  );
  return touched.ok ? ok(undefined) : touched;
}

/** Revokes a key for good. Errors: `not_found`, also for another account's; `unavailable`. */
export async function revokeApiKey(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<void, NotFound | Unavailable>> {
  const revoked = await attemptOne(() =>
    db
      .update(apiKey)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(apiKey.id, id), eq(apiKey.accountId, accountId), isNull(apiKey.revokedAt)))
      .returning({ id: apiKey.id }),
  );
  return revoked.ok ? ok(undefined) : revoked;
}
