import type { WebhookDelivery as DeliveryStatus } from '@marvel/shared/api/webhook';
import { err, ok, type Result } from '@marvel/shared/result';
import { and, asc, desc, eq, sql } from 'drizzle-orm';
import { attempt, attemptOne, type Conflict, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { pageRows, type PageWanted } from './page.ts';
import { accountEvent, webhookAttempt, webhookDelivery } from './schema/webhook.ts';

/** After so many tries a delivery is not tried again, however often it is asked for. */
export const maxAttempts = 100;

type Attempt = typeof webhookAttempt.$inferSelect;

export interface WebhookDelivery {
  readonly delivery: typeof webhookDelivery.$inferSelect;
  readonly type: (typeof accountEvent.$inferSelect)['type'];
  readonly last: Attempt | null;
}

/** The deliveries of an account after a place in the list, newest first: a page, and one more if there is one. Errors: `unavailable`. */
export async function listWebhookDeliveries(
  db: Database,
  accountId: string,
  filter: {
    readonly endpointId?: string | undefined;
    readonly status?: DeliveryStatus['status'] | undefined;
  },
  page: PageWanted<readonly [id: string]>,
): Promise<Result<readonly WebhookDelivery[], Unavailable>> {
  const before = sql`${webhookDelivery.seq} < (select d.seq from webhook_delivery d where d.id = ${page.after?.[0] ?? ''} and d.account_id = ${accountId})`;
  return attempt(() =>
    selectDeliveries(db)
      .where(
        and(
          eq(webhookDelivery.accountId, accountId),
          filter.endpointId === undefined ? undefined : eq(webhookDelivery.endpointId, filter.endpointId),
          filter.status === undefined ? undefined : eq(webhookDelivery.status, filter.status),
          page.after === undefined ? undefined : before,
        ),
      )
      .orderBy(desc(webhookDelivery.seq))
      .limit(pageRows(page)),
  );
}

/** One delivery. Errors: `not_found`, also for another account's; `unavailable`. */
export async function findWebhookDelivery(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<WebhookDelivery, NotFound | Unavailable>> {
  return attemptOne(() =>
    selectDeliveries(db).where(and(eq(webhookDelivery.id, id), eq(webhookDelivery.accountId, accountId))),
  );
}

/** Every try of a delivery, first to last, and what was sent. Errors: `not_found`, `unavailable`. */
export async function findDeliveryLog(
  db: Database,
  accountId: string,
  id: string,
): Promise<
  Result<
    { readonly event: typeof accountEvent.$inferSelect; readonly attempts: readonly Attempt[] },
    NotFound | Unavailable
  >
> {
  const own = and(eq(webhookDelivery.id, id), eq(webhookDelivery.accountId, accountId));
  const found = await attempt(() =>
    db.batch([
      db
        .select({ event: accountEvent })
        .from(webhookDelivery)
        .innerJoin(accountEvent, eq(accountEvent.id, webhookDelivery.eventId))
        .where(own),
      db
        .select({ attempt: webhookAttempt })
        .from(webhookDelivery)
        .innerJoin(webhookAttempt, eq(webhookAttempt.deliveryId, webhookDelivery.id))
        .where(own)
        .orderBy(asc(webhookAttempt.number)),
    ]),
  );
  if (!found.ok) return found;
  const [[row], attempts] = found.value;
  if (row === undefined) return err({ code: 'not_found' });
  return ok({ event: row.event, attempts: attempts.map((each) => each.attempt) });
}

/**
 * Lets a delivery be tried again now, and from then on by the schedule.
 * Errors: `not_found`; `conflict` when its endpoint is disabled or deleted, or after `maxAttempts`; `unavailable`.
 */
export async function redeliverWebhook(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<WebhookDelivery, NotFound | Conflict | Unavailable>> {
  const outcome = await attemptOne(() =>
    db
      .select({ outcome: sql<'due' | 'not_found' | 'conflict'>`redeliver(${accountId}, ${id}, ${maxAttempts})` })
      .from(sql`(select) as always`),
  );
  if (!outcome.ok) return outcome;
  if (outcome.value.outcome !== 'due') return err({ code: outcome.value.outcome });
  return findWebhookDelivery(db, accountId, id);
}

function selectDeliveries(db: Database) {
  return db
    .select({ delivery: webhookDelivery, type: accountEvent.type, last: webhookAttempt })
    .from(webhookDelivery)
    .innerJoin(accountEvent, eq(accountEvent.id, webhookDelivery.eventId))
    .leftJoin(
      webhookAttempt,
      and(eq(webhookAttempt.deliveryId, webhookDelivery.id), eq(webhookAttempt.number, webhookDelivery.attempts)),
    )
    .$dynamic();
}
