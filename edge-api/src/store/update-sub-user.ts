import type { Limits } from '@marvel/shared/limits';
import { and, eq, exists, inArray, isNull, not } from 'drizzle-orm';
import { err, ok, type Result } from '@marvel/shared/result';
import { liveStatuses } from '@marvel/shared/subscription-transition';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import { attemptOne, attemptUnique, type Conflict, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { subUser } from './schema/credential.ts';
import { subscription } from './schema/subscription.ts';
import { findSubUser, type SubUser } from './sub-user.ts';

/** What may be changed of a sub-user; caps keep what was spent in their window. */
export interface SubUserChanges {
  readonly limits?: Limits;
  readonly firstName?: string | null;
  readonly lastName?: string | null;
  readonly email?: string | null;
}

/**
 * Changes what is given.
 *
 * Errors: `not_found`; `conflict` for limits that follow the plan of a subscription; `unavailable`.
 */
export async function updateSubUser(
  db: Database,
  accountId: string,
  id: string,
  changes: SubUserChanges,
): Promise<Result<SubUser, NotFound | Conflict | Unavailable>> {
  const isOnPlan = exists(
    db
      .select({ id: subscription.id })
      .from(subscription)
      .where(and(eq(subscription.subUserId, id), inArray(subscription.status, liveStatuses))),
  );
  // An empty SET is no SQL; and a change to what it is already returns the row as well.
  const updated = await attemptOne(() =>
    db
      .update(subUser)
      .set({ accountId, ...changes })
      .where(and(live(accountId, id), changes.limits === undefined ? undefined : not(isOnPlan)))
      .returning({ id: subUser.id }),
  );
  const found = await findSubUser(db, accountId, id);
  if (!updated.ok && updated.error.code === 'unavailable') return err(updated.error);
  return !updated.ok && found.ok ? err({ code: 'conflict' }) : found;
}

/** Replaces the password of a sub-user; the old one is refused from then on. Errors: `conflict` for a repeat under way, `unavailable`. */
export async function rotateSubUser(
  db: Database,
  accountId: string,
  id: string,
  digest: string,
  answer?: StoredAnswer,
): Promise<Result<void, Conflict | Unavailable>> {
  const rotated = await attemptUnique([answerConstraint], () =>
    db.batch([db.update(subUser).set({ digest }).where(live(accountId, id)), ...answerStatements(db, answer)]),
  );
  return rotated.ok ? ok(undefined) : rotated;
}

function live(accountId: string, id: string) {
  return and(eq(subUser.id, id), eq(subUser.accountId, accountId), isNull(subUser.deletedAt));
}
