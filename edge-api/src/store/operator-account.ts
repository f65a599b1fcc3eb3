import { err, ok, type Result } from '@marvel/shared/result';
import { liveStatuses } from '@marvel/shared/subscription-transition';
import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { attempt, attemptOne, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { type AuditEntry, auditStatement } from './operator-audit.ts';
import { afterPlace, type AgePlace, exactTime, pageRows, type PageWanted } from './page.ts';
import { account } from './schema/account.ts';
import { budget } from './schema/budget.ts';
import { proxyKey, subUser } from './schema/credential.ts';
import { subscription } from './schema/subscription.ts';

/** An account as an operator sees it. */
export interface OperatorAccount {
  readonly id: string;
  readonly email: string;
  readonly status: 'active' | 'suspended';
  readonly threads: number | null;
  /** The plan of Marvel's that it is on. */
  readonly plan:
    | (Pick<typeof subscription.$inferSelect, 'status' | 'name' | 'currentPeriodEnd'> & {
        readonly id: string;
      })
    | null;
  readonly balanceBytes: number;
  readonly keys: number;
  readonly subUsers: number;
  readonly createdAt: Date;
  readonly place: string;
}

/** The accounts after a place in the list, newest first: a page, and one more if there is one. Errors: `unavailable`. */
export async function listAccounts(
  db: Database,
  filter: {
    /** In whatever case. */
    readonly email?: string | undefined;
    readonly status?: OperatorAccount['status'] | undefined;
  },
  page: PageWanted<AgePlace>,
): Promise<Result<readonly OperatorAccount[], Unavailable>> {
  return attempt(() =>
    selectAccounts(db)
      .where(
        and(
          filter.email === undefined ? undefined : eq(sql`lower(${account.email})`, sql`lower(${filter.email})`),
          filter.status === undefined ? undefined : eq(account.status, filter.status),
          afterPlace(account, page),
        ),
      )
      .orderBy(desc(account.createdAt), desc(account.id))
      .limit(pageRows(page)),
  );
}

/** One account. Errors: `not_found`, `unavailable`. */
export async function findOperatorAccount(
  db: Database,
  id: string,
): Promise<Result<OperatorAccount, NotFound | Unavailable>> {
  return attemptOne(() => selectAccounts(db).where(eq(account.id, id)));
}

/** Suspends an account, or lets it go on; gateways follow with the next feed page. Errors: `not_found`, `unavailable`. */
export async function setAccountStatus(
  db: Database,
  id: string,
  status: OperatorAccount['status'],
  audit: AuditEntry,
): Promise<Result<OperatorAccount, NotFound | Unavailable>> {
  const found = await findOperatorAccount(db, id);
  if (!found.ok) return found;
  const done = await attempt(() =>
    db.batch([
      db.update(account).set({ status }).where(eq(account.id, id)).returning({ id: account.id }),
      auditStatement(db, audit),
    ]),
  );
  if (!done.ok) return done;
  return done.value[0].length === 0 ? err({ code: 'not_found' }) : ok({ ...found.value, status });
}

function selectAccounts(db: Database) {
  const keys = db.$count(proxyKey, and(eq(proxyKey.accountId, account.id), isNull(proxyKey.revokedAt)));
  const subUsers = db.$count(subUser, and(eq(subUser.accountId, account.id), isNull(subUser.deletedAt)));
  return (
    db
      .select({
        id: account.id,
        email: account.email,
        status: account.status,
        threads: account.threads,
        plan: {
          id: subscription.planId,
          name: subscription.name,
          status: subscription.status,
          currentPeriodEnd: subscription.currentPeriodEnd,
        },
        balanceBytes: budget.balanceBytes,
        keys: sql`${keys}`.mapWith(Number),
        subUsers: sql`${subUsers}`.mapWith(Number),
        createdAt: account.createdAt,
        place: exactTime(account.createdAt),
      })
      .from(account)
      .innerJoin(budget, eq(budget.id, account.id))
      // One at most: `subscription_own_key`.
      .leftJoin(
        subscription,
        and(
          eq(subscription.accountId, account.id),
          isNull(subscription.customerId),
          inArray(subscription.status, liveStatuses),
        ),
      )
      .$dynamic()
  );
}
