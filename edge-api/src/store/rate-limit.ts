import { ok, type Result } from '@marvel/shared/result';
import { and, eq, gt, sql } from 'drizzle-orm';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { ban, rateWindow } from './schema/operations.ts';

/** How often something was counted in the present window. */
export interface RateCount {
  readonly count: number;
  readonly resetsAt: Date;
}

/** Counts one more of something in a fixed window, and says how many that makes. Errors: `unavailable`. */
export async function countRate(
  db: Database,
  bucket: string,
  windowS: number,
  nowMs: number,
): Promise<Result<RateCount, Unavailable>> {
  const startsAt = new Date(Math.floor(nowMs / (windowS * 1000)) * windowS * 1000);
  const resetsAt = new Date(startsAt.getTime() + windowS * 1000);
  const rows = await attempt(() =>
    db
      .insert(rateWindow)
      .values({ bucket, startsAt, endsAt: resetsAt, count: 1 })
      .onConflictDoUpdate({
        target: [rateWindow.bucket, rateWindow.startsAt],
        set: { count: sql`${rateWindow.count} + 1` },
      })
      .returning({ count: rateWindow.count }),
  );
  return rows.ok ? ok({ count: rows.value[0]?.count ?? 1, resetsAt }) : rows;
}

/** When the ban of a subject ends; `undefined` when it has none. Errors: `unavailable`. */
export async function findBan(db: Database, subject: string): Promise<Result<Date | undefined, Unavailable>> {
  const rows = await attempt(() =>
    db
      .select({ endsAt: ban.endsAt })
      .from(ban)
      .where(and(eq(ban.subject, subject), gt(ban.endsAt, sql`now()`))),
  );
  return rows.ok ? ok(rows.value[0]?.endsAt) : rows;
}

/** Refuses a subject until a time; a ban is never shortened. Errors: `unavailable`. */
export async function saveBan(
  db: Database,
  given: { readonly subject: string; readonly reason: string; readonly endsAt: Date },
): Promise<Result<void, Unavailable>> {
  const done = await attempt(() =>
    db
      .insert(ban)
      .values(given)
      .onConflictDoUpdate({
        target: ban.subject,
        set: { reason: given.reason, endsAt: sql`greatest(${ban.endsAt}, excluded.ends_at)` },
      }),
  );
  return done.ok ? ok(undefined) : done;
}
