import type { Limits } from '@marvel/shared/limits';
import { and, desc, eq, isNotNull, isNull } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import {
  attempt,
  attemptOne,
  attemptUnique,
  type Conflict,
  type NotFound,
  type Unavailable,
} from './database-error.ts';
import type { Database } from './database.ts';
import { attemptWithRoom, roomStatement, type TooMany } from './room.ts';
import { apiKey, credential } from './schema/credential.ts';

/** A key, as far as it may be shown. */
export interface ApiKey {
  readonly id: string;
  readonly prefix: string;
  readonly label: string;
  readonly mode: 'live' | 'test';
  readonly limits: Limits;
  readonly createdAt: Date;
  /** Exact to the minute; `null` before the first use. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

const shown = {
  id: apiKey.id,
  prefix: apiKey.prefix,
  label: apiKey.label,
  mode: apiKey.mode,
  limits: apiKey.limits,
  createdAt: apiKey.createdAt,
  lastUsedAt: credential.lastUsedAt,
  revokedAt: apiKey.revokedAt,
};

/** The most that an account may have at a time. */
export const maxKeys = 1000;

/** The most keys a list shows: all that are good, then revoked ones. */
const maxListedKeys = maxKeys;

/** Makes a key; the gateways know it with the next feed page. Errors: `too_many`; `conflict` for a repeat under way, `unavailable`. */
export async function createApiKey(
  db: Database,
  given: {
    readonly id: string;
    readonly accountId: string;
    /** `credentialDigest` of `keyDigestInput`. */
    readonly digest: string;
    readonly prefix: string;
    readonly label: string;
    readonly mode: 'live' | 'test';
    readonly limits: Limits;
  },
  answer?: StoredAnswer,
): Promise<Result<{ readonly createdAt: Date }, TooMany | Conflict | Unavailable>> {
  const made = await attemptWithRoom([answerConstraint], () =>
    db.batch([
      roomStatement(db, given.accountId, 'api_key', maxKeys),
      db.insert(apiKey).values(given).returning({ createdAt: apiKey.createdAt }),
      ...answerStatements(db, answer),
    ]),
  );
  if (!made.ok) return made;
  const [, [row]] = made.value;
  if (row === undefined) throw new Error('insert returned no row');
  return ok(row);
}

/** The keys of an account, newest first, and after them the revoked ones as far as there is room. Errors: `unavailable`. */
export async function listApiKeys(db: Database, accountId: string): Promise<Result<readonly ApiKey[], Unavailable>> {
  return attempt(() =>
    db
      .select(shown)
      .from(apiKey)
      .innerJoin(credential, eq(credential.id, apiKey.id))
      .where(eq(apiKey.accountId, accountId))
      .orderBy(isNotNull(apiKey.revokedAt), desc(apiKey.createdAt), desc(apiKey.id))
      .limit(maxListedKeys),
  );
}

/** Errors: `not_found` for an absent, a revoked and another account's key alike; `unavailable`. */
export async function findApiKey(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<ApiKey, NotFound | Unavailable>> {
  return attemptOne(() =>
    db.select(shown).from(apiKey).innerJoin(credential, eq(credential.id, apiKey.id)).where(live(accountId, id)),
  );
}

/** Changes label, limits, or both; caps keep what was spent in their window. Errors: `not_found`, `unavailable`. */
export async function updateApiKey(
  db: Database,
  accountId: string,
  id: string,
  changes: { readonly label?: string; readonly limits?: Limits },
): Promise<Result<ApiKey, NotFound | Unavailable>> {
  // An empty SET is no SQL; and a change to what it is already returns the row as well.
  const updated = await attemptOne(() =>
    db
      .update(apiKey)
      .set({ accountId, ...changes })
      .where(live(accountId, id))
      .returning({ id: apiKey.id }),
  );
  return updated.ok ? findApiKey(db, accountId, id) : updated;
}

/** Replaces the secret of a key; the old one is refused from then on. Errors: `not_found`, `conflict` for a repeat under way, `unavailable`. */
export async function rotateApiKey(
  db: Database,
  accountId: string,
  id: string,
  secret: { readonly digest: string; readonly prefix: string },
  answer?: StoredAnswer,
): Promise<Result<ApiKey, NotFound | Conflict | Unavailable>> {
  const rotated = await attemptUnique([answerConstraint], () =>
    db.batch([
      db.update(apiKey).set(secret).where(live(accountId, id)).returning({ id: apiKey.id }),
      ...answerStatements(db, answer),
    ]),
  );
  return rotated.ok ? findApiKey(db, accountId, id) : rotated;
}

/** Revokes a key for good. Errors: `not_found`, `unavailable`. */
export async function revokeApiKey(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<void, NotFound | Unavailable>> {
  const revoked = await attemptOne(() =>
    db.update(apiKey).set({ revokedAt: new Date() }).where(live(accountId, id)).returning({ id: apiKey.id }),
  );
  return revoked.ok ? ok(undefined) : revoked;
}

function live(accountId: string, id: string) {
  return and(eq(apiKey.id, id), eq(apiKey.accountId, accountId), isNull(apiKey.revokedAt));
}
