import type { WebhookEvent } from '@marvel/shared/api/webhook';
import { ok, type Result } from '@marvel/shared/result';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
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
import { attemptWithRoom, roomStatement, type TooMany } from './room.ts';
import { webhookEndpoint } from './schema/webhook.ts';

export type WebhookEndpoint = typeof webhookEndpoint.$inferSelect;

/** For how long the secret before is good beside the new one. */
export const secretOverlapMs = 86_400_000;

/** Makes an endpoint, which hears of what happens from then on. Errors: `too_many`; `conflict` for a repeat under way; `unavailable`. */
export async function createWebhookEndpoint(
  db: Database,
  given: {
    readonly id: string;
    readonly accountId: string;
    readonly url: string;
    readonly events: readonly WebhookEvent['type'][] | null;
    readonly description: string;
    readonly secretSeed: string;
    readonly createdAt: Date;
  },
  max: number,
  answer?: StoredAnswer,
): Promise<Result<void, TooMany | Conflict | Unavailable>> {
  const made = await attemptWithRoom([answerConstraint], () =>
    db.batch([
      roomStatement(db, given.accountId, 'webhook_endpoint', max),
      db.insert(webhookEndpoint).values(given),
      ...answerStatements(db, answer),
    ]),
  );
  return made.ok ? ok(undefined) : made;
}

/** The endpoints of an account, newest first. Errors: `unavailable`. */
export async function listWebhookEndpoints(
  db: Database,
  accountId: string,
): Promise<Result<readonly WebhookEndpoint[], Unavailable>> {
  return attempt(() =>
    db
      .select()
      .from(webhookEndpoint)
      .where(and(eq(webhookEndpoint.accountId, accountId), isNull(webhookEndpoint.deletedAt)))
      .orderBy(desc(webhookEndpoint.createdAt), desc(webhookEndpoint.id)),
  );
}

/** Changes what is given. Errors: `not_found`, `unavailable`. */
export async function updateWebhookEndpoint(
  db: Database,
  accountId: string,
  id: string,
  changes: {
    readonly url?: string | undefined;
    readonly events?: readonly WebhookEvent['type'][] | null | undefined;
    readonly description?: string | undefined;
    readonly enabled?: boolean | undefined;
  },
): Promise<Result<WebhookEndpoint, NotFound | Unavailable>> {
  const { enabled, ...given } = changes;
  const state =
    enabled === undefined
      ? {}
      : enabled
        ? { disabledAt: null, disabledReason: null, failingSince: null }
        : {
            disabledAt: sql`coalesce(${webhookEndpoint.disabledAt}, now())`,
            disabledReason: sql`coalesce(${webhookEndpoint.disabledReason}, 'owner')`,
          };
  // An empty SET is no SQL; and a change to what it is already returns the row as well.
  return attemptOne(() =>
    db
      .update(webhookEndpoint)
      .set({ accountId, ...given, ...state })
      .where(live(accountId, id))
      .returning(),
  );
}

/**
 * Replaces the secret; the old one is good for `secretOverlapMs` more.
 * Errors: `not_found`, `conflict` for a repeat under way, `unavailable`.
 */
export async function rotateWebhookEndpoint(
  db: Database,
  accountId: string,
  id: string,
  secret: { readonly seed: string; readonly previousEndsAt: Date },
  answer?: StoredAnswer,
): Promise<Result<WebhookEndpoint, NotFound | Conflict | Unavailable>> {
  const rotated = await attemptUnique([answerConstraint], () =>
    db.batch([
      db
        .update(webhookEndpoint)
        .set({
          previousSeed: sql`${webhookEndpoint.secretSeed}`,
          previousEndsAt: secret.previousEndsAt,
          secretSeed: secret.seed,
        })
        .where(live(accountId, id))
        .returning(),
      ...answerStatements(db, answer),
    ]),
  );
  return rotated.ok ? attemptOne(async () => rotated.value[0]) : rotated;
}

/** Deletes an endpoint; what it was still to hear of is given up. Errors: `not_found`, `unavailable`. */
export async function deleteWebhookEndpoint(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<void, NotFound | Unavailable>> {
  const deleted = await attemptOne(() =>
    db
      .update(webhookEndpoint)
      .set({ deletedAt: sql`now()` })
      .where(live(accountId, id))
      .returning({ id: webhookEndpoint.id }),
  );
  return deleted.ok ? ok(undefined) : deleted;
}

/** Errors: `not_found` for an absent, a deleted and another account's endpoint alike; `unavailable`. */
export async function findWebhookEndpoint(
  db: Database,
  accountId: string,
  id: string,
): Promise<Result<WebhookEndpoint, NotFound | Unavailable>> {
  return attemptOne(() => db.select().from(webhookEndpoint).where(live(accountId, id)));
}

function live(accountId: string, id: string) {
  return and(eq(webhookEndpoint.id, id), eq(webhookEndpoint.accountId, accountId), isNull(webhookEndpoint.deletedAt));
}
