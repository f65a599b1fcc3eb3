import { type WebhookAttempt, type WebhookEvent, WebhookEventType } from '@marvel/shared/api/webhook';
import { ok, type Result } from '@marvel/shared/result';
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { attempt, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';

/** One delivery that is due. */
export interface DueDelivery {
  readonly id: string;
  /** Tries since it was last asked for. */
  readonly tries: number;
  readonly event: {
    readonly id: string;
    readonly accountId: string;
    readonly type: WebhookEvent['type'];
    readonly createdAt: Date;
    readonly data: unknown;
  };
}

/** An endpoint that nobody else delivers to for now, and what is due for it, in the order of the events. */
export interface WebhookTurn {
  readonly endpointId: string;
  readonly url: string;
  readonly secretSeed: string;
  /** `null` once the secret before is no longer good. */
  readonly previousSeed: string | null;
  /** Names this turn, for its end. */
  readonly claim: string;
  readonly deliveries: readonly DueDelivery[];
}

const Row = v.object({
  endpoint_id: v.string(),
  url: v.string(),
  secret_seed: v.string(),
  previous_seed: v.nullable(v.string()),
  claim: v.string(),
  delivery_id: v.string(),
  tries: v.number(),
  event_id: v.string(),
  account_id: v.string(),
  type: WebhookEventType,
  event_created_at: v.string(),
  data: v.pipe(v.string(), v.parseJson()),
});

/** Takes turns at endpoints that something is due for, those first that had none for longest. Errors: `unavailable`. */
export async function claimTurns(
  db: Database,
  given: {
    /** Only of this account. */
    readonly accountId?: string | undefined;
    readonly maxEndpoints: number;
    readonly maxDeliveries: number;
    /** After this the turn is over, whether or not it was ended. */
    readonly leaseMs: number;
  },
): Promise<Result<readonly WebhookTurn[], Unavailable>> {
  const { accountId = null, maxEndpoints, maxDeliveries, leaseMs } = given;
  const claimed = await attempt(() =>
    db.execute(
      sql`select * from claim_deliveries(${accountId}::text, ${maxEndpoints}::integer, ${maxDeliveries}::integer, ${leaseMs}::integer)`,
    ),
  );
  if (!claimed.ok) return claimed;
  const rows = v.parse(v.array(Row), claimed.value.rows);
  const turns = [...Map.groupBy(rows, (row) => row.endpoint_id).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return {
      endpointId: first.endpoint_id,
      url: first.url,
      secretSeed: first.secret_seed,
      previousSeed: first.previous_seed,
      claim: first.claim,
      deliveries: group.map((row) => ({
        id: row.delivery_id,
        tries: row.tries,
        event: {
          id: row.event_id,
          accountId: row.account_id,
          type: row.type,
          createdAt: new Date(row.event_created_at),
          data: row.data,
        },
      })),
    };
  });
  return ok(turns);
}

/** Ends a turn; the endpoint's next one can begin after `holdMs`. Errors: `unavailable`. */
export async function endTurn(
  db: Database,
  { endpointId, claim }: WebhookTurn,
  holdMs: number,
): Promise<Result<void, Unavailable>> {
  const ended = await attempt(() => db.execute(sql`select end_turn(${endpointId}, ${claim}, ${holdMs}::integer)`));
  return ended.ok ? ok(undefined) : ended;
}

/** Keeps what became of one try; `waitMs` until the next, `undefined` when there is none. Errors: `unavailable`. */
export async function recordAttempt(
  db: Database,
  deliveryId: string,
  made: Pick<WebhookAttempt, 'status' | 'error' | 'response'> & {
    readonly at: Date;
    readonly durationMs: number;
    readonly waitMs: number | undefined;
    /** After how long of nothing but failures the endpoint is disabled. */
    readonly disableAfterMs: number;
  },
): Promise<Result<void, Unavailable>> {
  const { at, durationMs, status, error, response, waitMs = null, disableAfterMs } = made;
  const recorded = await attempt(() =>
    db.execute(
      sql`select record_attempt(${deliveryId}, ${at.toISOString()}::timestamptz, ${durationMs}::integer, ${status}::integer, ${error}::text, ${response}::text, ${waitMs}::bigint, ${disableAfterMs}::bigint)`,
    ),
  );
  return recorded.ok ? ok(undefined) : recorded;
}
