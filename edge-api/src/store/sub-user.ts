import type { Limits } from '@marvel/shared/limits';
import { and, count, desc, eq, isNull } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import { attempt, attemptOne, type Conflict, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { attemptWithRoom, roomStatement, type TooMany } from './room.ts';
import { credential, subUser } from './schema/credential.ts';

/** The most sub-users a list shows. */
export const maxListedSubUsers = 1000;

/** A sub-user that was not deleted, as far as it may be shown. */
export interface SubUser {
  readonly id: string;
  readonly username: string;
  readonly limits: Limits;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly createdAt: Date;
  /** Exact to the minute; `null` before the first use. */
  readonly lastUsedAt: Date | null;
}

const shown = {
  id: subUser.id,
  username: subUser.username,
  limits: subUser.limits,
  firstName: subUser.firstName,
  lastName: subUser.lastName,
  email: subUser.email,
  createdAt: subUser.createdAt,
  lastUsedAt: credential.lastUsedAt,
};

/** The most that an account may have at a time. */
export const maxSubUsers = 1000;

/** Makes a sub-user. Errors: `too_many`; `conflict` when the username is taken, by whichever account; `unavailable`. */
export async function createSubUser(
  db: Database,
  given: {
    readonly id: string;
    readonly accountId: string;
    readonly username: string;
    /** `credentialDigest` of `subUserDigestInput`. */
    readonly digest: string;
    readonly limits: Limits;
    readonly firstName?: string | null;
    readonly lastName?: string | null;
    readonly email?: string | null;
  },
  answer?: StoredAnswer,
): Promise<Result<{ readonly createdAt: Date }, TooMany | Conflict | Unavailable>> {
  const made = await attemptWithRoom(['sub_user_username_key', answerConstraint], () =>
    db.batch([
      roomStatement(db, given.accountId, 'sub_user', maxSubUsers),
      db.insert(subUser).values(given).returning({ createdAt: subUser.createdAt }),
      ...answerStatements(db, answer),
    ]),
  );
  if (!made.ok) return made;
  const [, [row]] = made.value;
  if (row === undefined) throw new Error('insert returned no row');
  return ok(row);
}

/** The sub-users of an account, newest first; at most `maxListedSubUsers`. Errors: `unavailable`. */
export async function listSubUsers(db: Database, accountId: string): Promise<Result<readonly SubUser[], Unavailable>> {
  return attempt(() =>
    db
      .select(shown)
      .from(subUser)
      .innerJoin(credential, eq(credential.id, subUser.id))
      .where(and(eq(subUser.accountId, accountId), isNull(subUser.deletedAt)))
      .orderBy(desc(subUser.createdAt), desc(subUser.id))
      .limit(maxListedSubUsers),
  );
}

/** Errors: `not_found` for an absent, a deleted and another account's sub-user alike; `unavailable`. */
export async function findSubUser(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<SubUser, NotFound | Unavailable>> {
  return attemptOne(() =>
    db.select(shown).from(subUser).innerJoin(credential, eq(credential.id, subUser.id)).where(live(accountId, id)),
  );
}

/** The sub-user of a name, whosever it is. Errors: `not_found`, `unavailable`. */
export async function findSubUserByName(
  db: Database,
  username: string,
): Promise<Result<SubUser & { readonly accountId: string; readonly digest: string }, NotFound | Unavailable>> {
  return attemptOne(() =>
    db
      .select({ ...shown, accountId: subUser.accountId, digest: subUser.digest })
      .from(subUser)
      .innerJoin(credential, eq(credential.id, subUser.id))
      .where(and(eq(subUser.username, username), isNull(subUser.deletedAt))),
  );
}

/** How many sub-users an account has. Errors: `unavailable`. */
export async function countSubUsers(db: Database, accountId: string): Promise<Result<number, Unavailable>> {
  const rows = await attempt(() =>
    db
      .select({ users: count() })
      .from(subUser)
      .where(and(eq(subUser.accountId, accountId), isNull(subUser.deletedAt))),
  );
  return rows.ok ? ok(rows.value[0]?.users ?? 0) : rows;
}

/** Deletes a sub-user; its name is free again. Errors: `not_found`, `unavailable`. */
export async function deleteSubUser(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<void, NotFound | Unavailable>> {
  const deleted = await attemptOne(() =>
    db.update(subUser).set({ deletedAt: new Date() }).where(live(accountId, id)).returning({ id: subUser.id }),
  );
  return deleted.ok ? ok(undefined) : deleted;
}

function live(accountId: string, id: string) {
  return and(eq(subUser.id, id), eq(subUser.accountId, accountId), isNull(subUser.deletedAt));
}
