import { liveStatuses, type SubscriptionStatus } from '@marvel/shared/subscription-transition';
import { and, desc, eq, getTableColumns, inArray, sql } from 'drizzle-orm';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { answerConstraint, answerStatements, type StoredAnswer } from './answer.ts';
import {
  attempt,
  attemptOne,
  attemptUnique,
  type Conflict,
  type NotFound,
  type Unavailable,
  violatedConstraint,
} from './database-error.ts';
import type { Database } from './database.ts';
import { afterPlace, type AgePlace, exactTime, pageRows, type PageWanted, type Placed } from './page.ts';
import { subscription } from './schema/subscription.ts';

export type Subscription = typeof subscription.$inferSelect;

/** Which subscriptions of a list. */
export interface SubscriptionFilter {
  readonly status?: SubscriptionStatus | undefined;
  readonly planId?: string | undefined;
  readonly customerId?: string | undefined;
}

/** What stands against a new one: another that goes on, or a customer that is no longer what it was. */
export interface SubscriptionConflict extends Conflict {
  readonly because: 'has_subscription' | 'customer_changed';
}

const conflicts: Readonly<Record<string, SubscriptionConflict['because']>> = {
  subscription_own_key: 'has_subscription',
  subscription_customer_key: 'has_subscription',
  subscription_start: 'customer_changed',
};

/** Writes the account's own subscription, whose first payment is awaited. Errors: `has_subscription`; `conflict` for a repeat under way; `unavailable`. */
export async function createOwnSubscription(
  db: Database,
  given: Subscription,
  answer?: StoredAnswer,
): Promise<Result<void, SubscriptionConflict | Conflict | Unavailable>> {
  return attemptStart(() => db.batch([db.insert(subscription).values(given), ...answerStatements(db, answer)]));
}

/** Puts a customer on a plan and begins its first period. Errors: what stands against it; `conflict` for a repeat under way; `unavailable`. */
export async function createCustomerSubscription(
  db: Database,
  given: Subscription,
  answer?: StoredAnswer,
): Promise<Result<void, SubscriptionConflict | Conflict | Unavailable>> {
  const { currentPeriodStart: _start, currentPeriodEnd: _end, ...row } = given;
  return attemptStart(() =>
    db.batch([
      db.insert(subscription).values({ ...row, periodsBegun: 0 }),
      db.execute(sql`select start_customer_subscription(${given.id})`),
      ...answerStatements(db, answer),
    ]),
  );
}

/** Whether the account itself has one that goes on. Errors: `unavailable`. */
export async function hasOwnSubscription(db: Database, accountId: string): Promise<Result<boolean, Unavailable>> {
  const rows = await attempt(() =>
    db
      .select({ id: subscription.id })
      .from(subscription)
      .where(
        and(
          eq(subscription.accountId, accountId),
          sql`${subscription.customerId} is null`,
          inArray(subscription.status, liveStatuses),
        ),
      ),
  );
  return rows.ok ? ok(rows.value.length > 0) : rows;
}

/** The subscriptions of an account, newest first: a page, and one more if there is one. Errors: `unavailable`. */
export async function listSubscriptions(
  db: Database,
  accountId: string,
  { status, planId, customerId }: SubscriptionFilter,
  page: PageWanted<AgePlace>,
): Promise<Result<readonly Placed<Subscription>[], Unavailable>> {
  const own = eq(subscription.accountId, accountId);
  return attempt(() =>
    db
      .select({ ...getTableColumns(subscription), place: exactTime(subscription.createdAt) })
      .from(subscription)
      .where(
        and(
          own,
          status === undefined ? undefined : eq(subscription.status, status),
          planId === undefined ? undefined : eq(subscription.planId, planId),
          customerId === undefined ? undefined : eq(subscription.customerId, customerId),
          afterPlace(subscription, page),
        ),
      )
      .orderBy(desc(subscription.createdAt), desc(subscription.id))
      .limit(pageRows(page)),
  );
}

/** Errors: `not_found` for an absent and another account's subscription alike; `unavailable`. */
export async function findSubscription(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<Subscription, NotFound | Unavailable>> {
  return attemptOne(() =>
    db
      .select()
      .from(subscription)
      .where(and(eq(subscription.id, id), eq(subscription.accountId, accountId))),
  );
}

/** Takes a step from the status that it was decided on. Errors: `conflict` when it has another by now; `not_found`; `unavailable`. */
export async function changeSubscription(
  db: Database,
  { accountId, id, status }: Subscription,
  to: SubscriptionStatus,
): Promise<Result<void, NotFound | Conflict | Unavailable>> {
  const changed = await attempt(() =>
    db.execute(sql`select change_subscription(${accountId}, ${id}, ${status}, ${to}) as outcome`),
  );
  if (!changed.ok) return changed;
  const outcome = v.parse(v.picklist(['changed', 'conflict', 'not_found']), changed.value.rows[0]?.['outcome']);
  return outcome === 'changed' ? ok(undefined) : err({ code: outcome });
}

/** Lets one end with its period. Errors: `conflict` when it ended meanwhile; `unavailable`. */
export async function endWithPeriod(
  db: Database,
  { accountId, id }: Subscription,
): Promise<Result<void, Conflict | Unavailable>> {
  const ending = await attemptOne(() =>
    db
      .update(subscription)
      .set({ cancelAtPeriodEnd: true })
      .where(
        and(
          eq(subscription.id, id),
          eq(subscription.accountId, accountId),
          inArray(subscription.status, ['active', 'paused']),
        ),
      )
      .returning({ id: subscription.id }),
  );
  if (ending.ok) return ok(undefined);
  return ending.error.code === 'not_found' ? err({ code: 'conflict' }) : err({ code: 'unavailable' });
}

async function attemptStart(
  write: () => PromiseLike<unknown>,
): Promise<Result<void, SubscriptionConflict | Conflict | Unavailable>> {
  try {
    const made = await attemptUnique([answerConstraint, 'subscription_pkey'], write);
    return made.ok ? ok(undefined) : made;
  } catch (error) {
    const because = conflicts[violatedConstraint(error) ?? ''];
    if (because === undefined) throw error;
    return err({ code: 'conflict', because });
  }
}
