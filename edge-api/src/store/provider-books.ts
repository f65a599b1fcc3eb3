import { ok, type Result } from '@marvel/shared/result';
import { liveStatuses } from '@marvel/shared/subscription-transition';
import { and, eq, gte, isNotNull, isNull, lt, inArray, or, type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { OwnBooks } from '../domain/compare-books.ts';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { invoice, payment, takeBack } from './schema/billing.ts';
import { subscription } from './schema/subscription.ts';

/** What is asked for by the payment provider's names, and the while of which payments are wanted beside those. */
export interface BooksWanted {
  readonly from: Date;
  readonly to: Date;
  readonly payments: readonly string[];
  readonly periods: readonly string[];
  readonly takeBacks: readonly string[];
  readonly subscriptions: readonly string[];
}

/** Reads what was bought, as it is compared with the provider's books. Errors: `unavailable`. Cost: looks at every payment. */
export async function readOwnBooks(db: Database, wanted: BooksWanted): Promise<Result<OwnBooks, Unavailable>> {
  const isOfPeriod = and(gte(payment.paidAt, wanted.from), lt(payment.paidAt, wanted.to));
  const read = await attempt(() =>
    db.batch([
      db
        .select({
          id: payment.id,
          reference: payment.reference,
          amountCents: payment.amountCents,
          currency: payment.currency,
          isOfPeriod: sql<boolean>`${isOfPeriod}`,
        })
        .from(payment)
        .where(or(isOfPeriod, isNamed(payment.reference, wanted.payments))),
      db
        .select({ providerId: invoice.stripeInvoiceId })
        .from(invoice)
        .innerJoin(payment, eq(payment.invoiceId, invoice.id))
        .where(and(eq(invoice.status, 'paid'), isNamed(invoice.stripeInvoiceId, wanted.periods))),
      db
        .select({
          reference: takeBack.reference,
          amountCents: takeBack.amountCents,
          counts: sql<boolean>`${isNull(takeBack.reversedAt)}`,
        })
        .from(takeBack)
        .where(isNamed(takeBack.reference, wanted.takeBacks)),
      db
        .select({
          id: subscription.id,
          providerId: sql<string>`${subscription.stripeSubscriptionId}`,
          status: subscription.status,
          cancelAtPeriodEnd: subscription.cancelAtPeriodEnd,
        })
        .from(subscription)
        .where(
          or(
            isNamed(subscription.stripeSubscriptionId, wanted.subscriptions),
            and(
              isNull(subscription.customerId),
              isNotNull(subscription.stripeSubscriptionId),
              inArray(subscription.status, liveStatuses),
            ),
          ),
        ),
    ]),
  );
  if (!read.ok) return read;
  const [payments, periods, takeBacks, subscriptions] = read.value;
  return ok({
    payments,
    paidPeriods: periods.flatMap(({ providerId }) => (providerId === null ? [] : [providerId])),
    takeBacks,
    subscriptions,
  });
}

/** One parameter, however many names there are. */
function isNamed(column: AnyPgColumn, names: readonly string[]): SQL {
  return sql`${column} in (select jsonb_array_elements_text(${JSON.stringify(names)}::jsonb))`;
}
