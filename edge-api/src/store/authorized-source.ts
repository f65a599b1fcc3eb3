import { ok, type Result } from '@marvel/shared/result';
import { and, asc, desc, eq, getTableColumns, isNull, lt, or, sql } from 'drizzle-orm';
import * as v from 'valibot';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import { attempt, attemptOne, type Conflict, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { afterPlace, type AgePlace, exactTime, pageRows, type PageWanted, type Placed } from './page.ts';
import { attemptWithRoom, roomStatement, type TooMany } from './room.ts';
import { authorizedSource } from './schema/credential.ts';

export type AuthorizedSource = typeof authorizedSource.$inferSelect;

const Refreshed = v.object({ changed: v.number() });

/** The most that an account may have at a time. */
export const maxSources = 1000;

/**
 * Makes a source; gateways know it with the next feed page. Errors: `too_many`; `conflict` when the value or one of its addresses is
 * another source's, of whichever account, or for a repeat under way; `unavailable`.
 */
export async function createAuthorizedSource(
  db: Database,
  given: {
    readonly id: string;
    readonly accountId: string;
    readonly subUserId: string | null;
    readonly source: 'ip' | 'hostname';
    /** Canonical. */
    readonly value: string;
    /** Canonical, and each once. */
    readonly addresses: readonly string[];
    readonly createdAt: Date;
    /** When a host name was looked up, and when that gave an answer. */
    readonly lookedUpAt: Date | null;
    readonly resolvedAt: Date | null;
  },
  answer?: StoredAnswer,
): Promise<Result<void, TooMany | Conflict | Unavailable>> {
  const made = await attemptWithRoom(['authorized_source_value_key', 'source_address_pkey', answerConstraint], () =>
    db.batch([
      roomStatement(db, given.accountId, 'authorized_source', maxSources),
      db.insert(authorizedSource).values(given),
      ...answerStatements(db, answer),
    ]),
  );
  return made.ok ? ok(undefined) : made;
}

/** The sources of an account after a place in the list, newest first: a page, and one more if there is one. Errors: `unavailable`. */
export async function listAuthorizedSources(
  db: Database,
  accountId: string,
  page: PageWanted<AgePlace>,
): Promise<Result<readonly Placed<AuthorizedSource>[], Unavailable>> {
  const own = eq(authorizedSource.accountId, accountId);
  return attempt(() =>
    db
      .select({ ...getTableColumns(authorizedSource), place: exactTime(authorizedSource.createdAt) })
      .from(authorizedSource)
      .where(and(own, isNull(authorizedSource.deletedAt), afterPlace(authorizedSource, page)))
      .orderBy(desc(authorizedSource.createdAt), desc(authorizedSource.id))
      .limit(pageRows(page)),
  );
}

/** Deletes a source; its addresses are free again. Errors: `not_found`, also for another account's; `unavailable`. */
export async function deleteAuthorizedSource(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<void, NotFound | Unavailable>> {
  const deleted = await attemptOne(() =>
    db
      .update(authorizedSource)
      .set({ deletedAt: sql`now()` })
      .where(
        and(eq(authorizedSource.id, id), eq(authorizedSource.accountId, accountId), isNull(authorizedSource.deletedAt)),
      )
      .returning({ id: authorizedSource.id }),
  );
  return deleted.ok ? ok(undefined) : deleted;
}

/** Deletes the source that an account has under a canonical value. Errors: `not_found`, `unavailable`. */
export async function deleteSourceOf(
  db: Database,
  given: { readonly accountId: string; readonly source: 'ip' | 'hostname'; readonly value: string },
): Promise<Result<void, NotFound | Unavailable>> {
  const deleted = await attemptOne(() =>
    db
      .update(authorizedSource)
      .set({ deletedAt: sql`now()` })
      .where(
        and(
          eq(authorizedSource.accountId, given.accountId),
          eq(authorizedSource.source, given.source),
          eq(authorizedSource.value, given.value),
          isNull(authorizedSource.deletedAt),
        ),
      )
      .returning({ id: authorizedSource.id }),
  );
  return deleted.ok ? ok(undefined) : deleted;
}

/** The host names whose last look-up is longest ago, if it was before a moment. Errors: `unavailable`. */
export async function listHostnamesDue(
  db: Database,
  before: Date,
  limit: number,
): Promise<Result<readonly { readonly id: string; readonly hostname: string }[], Unavailable>> {
  return attempt(() =>
    db
      .select({ id: authorizedSource.id, hostname: authorizedSource.value })
      .from(authorizedSource)
      .where(
        and(
          eq(authorizedSource.source, 'hostname'),
          isNull(authorizedSource.deletedAt),
          or(isNull(authorizedSource.lookedUpAt), lt(authorizedSource.lookedUpAt, before)),
        ),
      )
      .orderBy(sql`${asc(authorizedSource.lookedUpAt)} nulls first`)
      .limit(limit),
  );
}

/**
 * Takes what host names were found to stand for; `null` says that the look-up failed, and keeps the last addresses while
 * they are no older than `maxAgeMs`. Gives how many sources changed. Errors: `unavailable`.
 */
export async function refreshSources(
  db: Database,
  found: readonly { readonly id: string; readonly addresses: readonly string[] | null }[],
  maxAgeMs: number,
): Promise<Result<number, Unavailable>> {
  const done = await attempt(() =>
    db.execute(sql`select refresh_sources(${JSON.stringify(found)}::jsonb, ${maxAgeMs}) as changed`),
  );
  return done.ok ? ok(v.parse(Refreshed, done.value.rows[0]).changed) : done;
}
