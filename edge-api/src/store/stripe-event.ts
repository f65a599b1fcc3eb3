import { and, eq, exists, isNotNull, sql } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { stripeEvent } from './schema/billing.ts';

/** Whether an event was handled to the end before, and the database's time. Errors: `unavailable`. */
export async function findStripeEvent(
  db: Database,
  id: string,
): Promise<Result<{ readonly isHandled: boolean; readonly now: string }, Unavailable>> {
  const handled = exists(
    db
      .select({ id: stripeEvent.id })
      .from(stripeEvent)
      .where(and(eq(stripeEvent.id, id), isNotNull(stripeEvent.handledAt))),
  );
  const found = await attempt(() => db.execute(sql`select ${handled} as handled, clock_timestamp()::text as now`));
  if (!found.ok) return found;
  const row = v.parse(v.object({ handled: v.boolean(), now: v.string() }), found.value.rows[0]);
  return ok({ isHandled: row.handled, now: row.now });
}

/** Notes that an event was handled to the end. What it did is idempotent by its own key, so this only saves work. Errors: `unavailable`. */
export async function markStripeEventHandled(
  db: Database,
  event: { readonly id: string; readonly type: string },
): Promise<Result<void, Unavailable>> {
  const handledAt = new Date();
  const done = await attempt(() =>
    db
      .insert(stripeEvent)
      .values({ ...event, handledAt })
      .onConflictDoUpdate({ target: stripeEvent.id, set: { handledAt } }),
  );
  return done.ok ? ok(undefined) : done;
}
