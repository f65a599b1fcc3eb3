import { and, eq, isNotNull } from 'drizzle-orm';
import { ok, type Result } from '@marvel/shared/result';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { stripeEvent } from './schema/billing.ts';

/** Whether an event was handled to the end before. Errors: `unavailable`. */
export async function isStripeEventHandled(db: Database, id: string): Promise<Result<boolean, Unavailable>> {
  const rows = await attempt(() =>
    db
      .select({ id: stripeEvent.id })
      .from(stripeEvent)
      .where(and(eq(stripeEvent.id, id), isNotNull(stripeEvent.handledAt))),
  );
  return rows.ok ? ok(rows.value.length > 0) : rows;
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
