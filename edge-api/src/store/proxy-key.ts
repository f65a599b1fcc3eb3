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
import { proxyKey, credential } from './schema/credential.ts';

/** A key, as far as it may be shown. */
export interface ProxyKey {
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
  id: proxyKey.id,
  prefix: proxyKey.prefix,
  label: proxyKey.label,
  mode: proxyKey.mode,
  limits: proxyKey.limits,
  createdAt: proxyKey.createdAt,
  lastUsedAt: credential.lastUsedAt,
  revokedAt: proxyKey.revokedAt,
};

/** The most that an account may have at a time. */
export const maxProxyKeys = 1000;

/** The most keys a list shows: all that are good, then revoked ones. */
const maxListedKeys = maxProxyKeys;

/** Makes a key; the gateways know it with the next feed page. Errors: `too_many`; `conflict` for a repeat under way, `unavailable`. */
export async function createProxyKey(
  db: Database,
  given: {
    readonly id: string;
    readonly accountId: string;
    /** `credentialDigest` of `proxyKeyDigestInput`. */
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
      roomStatement(db, given.accountId, 'api_key', maxProxyKeys),
      db.insert(proxyKey).values(given).returning({ createdAt: proxyKey.createdAt }),
      ...answerStatements(db, answer),
    ]),
  );
  if (!made.ok) return made;
  const [, [row]] = made.value;
  if (row === undefined) throw new Error('insert returned no row');
  return ok(row);
}

/** The keys of an account, newest first, and after them the revoked ones as far as there is room. Errors: `unavailable`. */
export async function listProxyKeys(
  db: Database,
  accountId: string,
): Promise<Result<readonly ProxyKey[], Unavailable>> {
  return attempt(() =>
    db
      .select(shown)
      .from(proxyKey)
      .innerJoin(credential, eq(credential.id, proxyKey.id))
      .where(eq(proxyKey.accountId, accountId))
      .orderBy(isNotNull(proxyKey.revokedAt), desc(proxyKey.createdAt), desc(proxyKey.id))
      .limit(maxListedKeys),
  );
}

/** Errors: `not_found` for an absent, a revoked and another account's key alike; `unavailable`. */
export async function findProxyKey(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<ProxyKey, NotFound | Unavailable>> {
  return attemptOne(() =>
    db.select(shown).from(proxyKey).innerJoin(credential, eq(credential.id, proxyKey.id)).where(live(accountId, id)),
  );
}

/** Changes label, limits, or both; caps keep what was spent in their window. Errors: `not_found`, `unavailable`. */
export async function updateProxyKey(
  db: Database,
  accountId: string,
  id: string,
  changes: { readonly label?: string; readonly limits?: Limits },
): Promise<Result<ProxyKey, NotFound | Unavailable>> {
  // An empty SET is no SQL; and a change to what it is already returns the row as well.
  const updated = await attemptOne(() =>
    db
      .update(proxyKey)
      .set({ accountId, ...changes })
      .where(live(accountId, id))
      .returning({ id: proxyKey.id }),
  );
  return updated.ok ? findProxyKey(db, accountId, id) : updated;
}

/** Replaces the secret of a key; the old one is refused from then on. Errors: `not_found`, `conflict` for a repeat under way, `unavailable`. */
export async function rotateProxyKey(
  db: Database,
  accountId: string,
  id: string,
  secret: { readonly digest: string; readonly prefix: string },
  answer?: StoredAnswer,
): Promise<Result<ProxyKey, NotFound | Conflict | Unavailable>> {
  const rotated = await attemptUnique([answerConstraint], () =>
    db.batch([
      db.update(proxyKey).set(secret).where(live(accountId, id)).returning({ id: proxyKey.id }),
      ...answerStatements(db, answer),
    ]),
  );
  return rotated.ok ? findProxyKey(db, accountId, id) : rotated;
}

/** Revokes a key for good. Errors: `not_found`, `unavailable`. */
export async function revokeProxyKey(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<void, NotFound | Unavailable>> {
  const revoked = await attemptOne(() =>
    db.update(proxyKey).set({ revokedAt: new Date() }).where(live(accountId, id)).returning({ id: proxyKey.id }),
  );
  return revoked.ok ? ok(undefined) : revoked;
}

function live(accountId: string, id: string) {
  return and(eq(proxyKey.id, id), eq(proxyKey.accountId, accountId), isNull(proxyKey.revokedAt));
}
