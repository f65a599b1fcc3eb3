import { err, ok, type Result } from '@marvel/shared/result';
import { liveStatuses } from '@marvel/shared/subscription-transition';
import { and, eq, gte, inArray, isNull, sql } from 'drizzle-orm';
import * as v from 'valibot';
import type { PeriodBilled, SubscriptionBilled } from '../domain/payment-news.ts';
import { attempt, attemptOne, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { newId } from './new-id.ts';
import { subscription } from './schema/subscription.ts';

/**
 * What became of the provider's word. `over`: it had ended here before; `still_runs`: it had, and the provider bills it
 * still. `unknown_subscription` and `second_subscription` change nothing and leave an anomaly.
 */
const SyncOutcome = v.picklist([
  'synced',
  'stale',
  'over',
  'still_runs',
  'unknown_subscription',
  'second_subscription',
]);
export type SyncOutcome = v.InferOutput<typeof SyncOutcome>;

/** The outcomes of `post_payment`, of an invoice that was paid; and `written`, of one that was not. */
const InvoiceOutcome = v.picklist([
  'written',
  'credited',
  'repeat',
  'unknown_invoice',
  'amount_mismatch',
  'already_paid',
  'unknown_subscription',
]);
export type InvoiceOutcome = v.InferOutput<typeof InvoiceOutcome>;

/** Makes an account's own subscription what the provider said of it when it was asked. Errors: `unavailable`. */
export async function syncSubscription(
  db: Database,
  told: SubscriptionBilled & {
    readonly providerId: string;
    /** By the database's clock. */
    readonly askedAt: string;
  },
): Promise<Result<SyncOutcome, Unavailable>> {
  const synced = await attempt(() =>
    db.execute(
      sql`select sync_subscription(${told.subscriptionId}, ${told.providerId}, ${told.status}, ${told.cancelAtPeriodEnd}, ${told.askedAt}::timestamptz) as outcome`,
    ),
  );
  return synced.ok ? ok(v.parse(SyncOutcome, synced.value.rows[0]?.['outcome'])) : synced;
}

/** Writes the invoice of a period, and credits it once it is paid; whatever the number and order of calls. Errors: `unavailable`. */
export async function postPeriodInvoice(
  db: Database,
  invoice: PeriodBilled,
): Promise<Result<InvoiceOutcome, Unavailable>> {
  const posted = await attempt(() =>
    db.execute(
      sql`select post_subscription_invoice(${newId('inv')}, ${newId('pay')}, ${invoice.subscriptionId}, ${invoice.providerId},
        ${invoice.status}, ${invoice.reference}, ${invoice.amountCents}::integer, ${invoice.currency},
        ${invoice.startsAt.toISOString()}::timestamptz, ${invoice.endsAt.toISOString()}::timestamptz, ${invoice.payUrl}) as outcome`,
    ),
  );
  return posted.ok ? ok(v.parse(InvoiceOutcome, posted.value.rows[0]?.['outcome'])) : posted;
}

/** Cancels one whose payment page is closed and was never paid; others stay as they are. Errors: `unavailable`. */
export async function cancelUnpaid(db: Database, id: string): Promise<Result<void, Unavailable>> {
  const done = await attempt(() =>
    db
      .update(subscription)
      .set({ status: 'cancelled' })
      .where(
        and(eq(subscription.id, id), eq(subscription.status, 'past_due'), isNull(subscription.stripeSubscriptionId)),
      ),
  );
  return done.ok ? ok(undefined) : done;
}

/**
 * What the provider calls a subscription that is still to be billed although the last of its periods was paid; `undefined`
 * when there is none. Errors: `unavailable`.
 */
export async function findPaidToTheEnd(db: Database, id: string): Promise<Result<string | undefined, Unavailable>> {
  const found = await attemptOne(() =>
    db
      .select({ providerId: subscription.stripeSubscriptionId })
      .from(subscription)
      .where(
        and(
          eq(subscription.id, id),
          gte(subscription.periodsBegun, subscription.periods),
          eq(subscription.cancelAtPeriodEnd, false),
          inArray(subscription.status, liveStatuses),
        ),
      ),
  );
  if (found.ok) return ok(found.value.providerId ?? undefined);
  return found.error.code === 'not_found' ? ok(undefined) : err(found.error);
}
