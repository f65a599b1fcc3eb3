import { and, desc, eq, getTableColumns, isNull, or, type SQL, sql } from 'drizzle-orm';
import { err, ok, type Result } from '@marvel/shared/result';
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
import { type AuditEntry, auditStatement } from './operator-audit.ts';
import { afterPlace, type AgePlace, exactTime, pageRows, type PageWanted, type Placed } from './page.ts';
import { attemptWithRoom, claimRoom, roomStatement, type TooMany } from './room.ts';
import { plan } from './schema/subscription.ts';

export type Plan = typeof plan.$inferSelect;

/** The most plans that an account may have on offer at a time. */
export const maxActivePlans = 1000;

/** Writes an account's plan. Errors: `too_many`; `conflict` for a repeat under way; `unavailable`. */
export async function createPlan(
  db: Database,
  given: Plan & { readonly accountId: string },
  answer?: StoredAnswer,
): Promise<Result<void, TooMany | Conflict | Unavailable>> {
  const made = await attemptWithRoom([answerConstraint], () =>
    db.batch([
      roomStatement(db, given.accountId, 'plan', maxActivePlans),
      db.insert(plan).values(given),
      ...answerStatements(db, answer),
    ]),
  );
  return made.ok ? ok(undefined) : made;
}

/** Writes a plan of Marvel's. Errors: `conflict` for a repeat under way, `unavailable`. */
export async function createMarvelPlan(
  db: Database,
  given: Plan,
  audit: AuditEntry,
  answer?: StoredAnswer,
): Promise<Result<void, Conflict | Unavailable>> {
  const made = await attemptUnique([answerConstraint], () =>
    db.batch([db.insert(plan).values(given), auditStatement(db, audit), ...answerStatements(db, answer)]),
  );
  return made.ok ? ok(undefined) : made;
}

/** The plans that an account can see: Marvel's that take subscriptions, and its own. Errors: `unavailable`. */
export async function listPlans(
  db: Database,
  accountId: string,
  owner: 'marvel' | 'account' | undefined,
  page: PageWanted<AgePlace>,
): Promise<Result<readonly Placed<Plan>[], Unavailable>> {
  const marvels = and(isNull(plan.accountId), eq(plan.active, true));
  const own = eq(plan.accountId, accountId);
  const shown = owner === undefined ? or(marvels, own) : owner === 'marvel' ? marvels : own;
  return list(db, shown, page);
}

/** Every plan of Marvel's, inactive ones too. Errors: `unavailable`. */
export async function listMarvelPlans(
  db: Database,
  page: PageWanted<AgePlace>,
): Promise<Result<readonly Placed<Plan>[], Unavailable>> {
  return list(db, isNull(plan.accountId), page);
}

/** A plan that the account can see. Errors: `not_found` for an absent and another account's alike; `unavailable`. */
export async function findPlan(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<Plan, NotFound | Unavailable>> {
  return attemptOne(() =>
    db
      .select()
      .from(plan)
      .where(and(eq(plan.id, id), visibleTo(accountId))),
  );
}

const toDate = (text: string) => new Date(text);

/** A plan that takes subscriptions, and the first period of one that begins now. */
export interface PlanOnOffer {
  readonly plan: Plan;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/** A plan that takes subscriptions and that the account can see. Errors: `not_found`, `unavailable`. */
export async function findPlanOnOffer(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<PlanOnOffer, NotFound | Unavailable>> {
  const now = sql`date_trunc('milliseconds', now())`;
  return attemptOne(() =>
    db
      .select({
        plan,
        startsAt: now.mapWith(toDate),
        endsAt: sql`subscription_period(${now}, ${plan.interval}, ${plan.intervalCount}, 1)`.mapWith(toDate),
      })
      .from(plan)
      .where(and(eq(plan.id, id), visibleTo(accountId), eq(plan.active, true))),
  );
}

/** What may be changed of a plan. */
export interface PlanChanges {
  readonly name?: string;
  readonly active?: boolean;
}

/** Changes an account's plan. Errors: `not_found` for an absent plan and one that is not its own alike; `too_many` on offer; `unavailable`. */
export async function updatePlan(
  db: Database,
  accountId: string,
  id: string,
  changes: PlanChanges,
): Promise<Result<Plan, NotFound | TooMany | Conflict | Unavailable>> {
  const own = eq(plan.accountId, accountId);
  if (changes.active !== true) return attemptOne(() => updateStatement(db, own, id, changes));
  const isComingBack = and(eq(plan.id, id), own, eq(plan.active, false));
  const updated = await attemptWithRoom([], () =>
    db.batch([
      db
        .select({ done: claimRoom(accountId, 'plan', maxActivePlans) })
        .from(plan)
        .where(isComingBack),
      updateStatement(db, own, id, changes),
    ]),
  );
  if (!updated.ok) return updated;
  const [, [row]] = updated.value;
  return row === undefined ? err({ code: 'not_found' }) : ok(row);
}

/** Changes a plan of Marvel's. Errors: `not_found`, `unavailable`. */
export async function updateMarvelPlan(
  db: Database,
  id: string,
  changes: PlanChanges,
  audit: AuditEntry,
): Promise<Result<Plan, NotFound | Unavailable>> {
  return attemptOne(async () => {
    const [rows] = await db.batch([
      updateStatement(db, isNull(plan.accountId), id, changes),
      auditStatement(db, audit),
    ]);
    return rows;
  });
}

function updateStatement(db: Database, whose: SQL, id: string, changes: PlanChanges) {
  // An empty SET is no SQL.
  return db
    .update(plan)
    .set({ id, ...changes })
    .where(and(eq(plan.id, id), whose))
    .returning();
}

function visibleTo(accountId: string): SQL {
  return sql`(${plan.accountId} is null or ${plan.accountId} = ${accountId})`;
}

async function list(
  db: Database,
  shown: SQL | undefined,
  page: PageWanted<AgePlace>,
): Promise<Result<readonly Placed<Plan>[], Unavailable>> {
  return attempt(() =>
    db
      .select({ ...getTableColumns(plan), place: exactTime(plan.createdAt) })
      .from(plan)
      .where(and(shown, afterPlace(plan, page)))
      .orderBy(desc(plan.createdAt), desc(plan.id))
      .limit(pageRows(page)),
  );
}
