import { classifyAddress, isIpLiteral } from '@marvel/shared/destination';
import { signatureHeader } from '@marvel/shared/signature';
import { signWebhook } from '@marvel/shared/webhook-signature';
import { webhookEventOf } from '../domain/webhook-event.ts';
import { disableAfterMs, nextWaitMs } from '../domain/webhook-schedule.ts';
import { webhookSecret } from '../domain/webhook-secret.ts';
import { isLoopbackTarget, refuseWebhookUrl } from '../domain/webhook-target.ts';
import { webhookTargets } from '../http/webhook-targets.ts';
import type { Services } from '../http/services.ts';
import { claimTurns, type DueDelivery, endTurn, recordAttempt, type WebhookTurn } from '../store/webhook-turn.ts';
import { resolveHostname } from '../vendor/resolve-hostname.ts';
import { sendWebhook, type WebhookAnswer } from '../vendor/send-webhook.ts';

type Needs = Pick<Services, 'db' | 'env' | 'log'>;

/** Requests that a Worker may have open at once are six. */
const endpointsAtOnce = 5;
const deliveriesPerTurn = 20;
/** No new turn begins after this, and no new delivery of a turn: a run of the schedule is a minute. */
const runMs = 30_000;
/** A run, its last try, and room: whoever died with a turn leaves it to others then. */
const leaseMs = 90_000;
/** An endpoint that failed is let alone so long: at most one try a minute fails, however much is due. */
const holdAfterFailureMs = 50_000;
/** For so long after an event a name that cannot be looked up is nobody's failure: the name service may be at fault. */
export const lookUpPatienceMs = 600_000;
/** What one request's afterthought does at most; the rest is for the next run. */
const maxRounds = 50;
/** Batches of gateways come every second, and most are no news. */
const soonMs = 2000;

let lastSoonAtMs = 0;

/** Delivers what is due, of one account or of all, until nothing is or the time is up. */
export async function deliverWebhooks(needs: Needs, accountId?: string): Promise<void> {
  const endsAtMs = Date.now() + runMs;
  let delivered = 0;
  let failed = 0;
  for (let round = 0; round < maxRounds && Date.now() < endsAtMs; round += 1) {
    const turns = await claimTurns(needs.db, {
      accountId,
      maxEndpoints: endpointsAtOnce,
      maxDeliveries: deliveriesPerTurn,
      leaseMs,
    });
    if (!turns.ok) return needs.log.info('webhooks_unavailable');
    if (turns.value.length === 0) break;
    for (const outcome of await Promise.all(turns.value.map(async (turn) => deliverTurn(turn, endsAtMs, needs)))) {
      delivered += outcome.delivered;
      failed += outcome.failed;
    }
  }
  if (delivered + failed > 0) needs.log.info('webhooks_delivered', { delivered, failed });
}

/** Delivers what a request made due, once it is answered. */
export function deliverSoon(services: Needs & Pick<Services, 'afterwards' | 'nowMs'>, accountId?: string): void {
  if (accountId === undefined) {
    if (services.nowMs - lastSoonAtMs < soonMs) return;
    lastSoonAtMs = services.nowMs;
  }
  const work = async () => {
    try {
      await deliverWebhooks(services, accountId);
    } catch (error) {
      services.log.error('deliver_webhooks_failed', error);
    }
  };
  services.afterwards(work());
}

interface TurnOutcome {
  readonly delivered: number;
  readonly failed: number;
}

/** One after the other, so that they come in order; the first that fails ends the turn. */
async function deliverTurn(turn: WebhookTurn, endsAtMs: number, needs: Needs): Promise<TurnOutcome> {
  let delivered = 0;
  let failed = 0;
  let holdMs = holdAfterFailureMs;
  try {
    const judged = await judgeTarget(turn.url, needs);
    const forbidden = judged === 'unavailable' ? lookUpFailure(turn) : judged;
    if (forbidden === 'later') return { delivered, failed };
    holdMs = 0;
    for (const delivery of turn.deliveries) {
      if (Date.now() >= endsAtMs) break;
      const error = await deliver(turn, delivery, forbidden, needs);
      if (error === null) delivered += 1;
      else {
        failed += 1;
        holdMs = holdAfterFailureMs;
        break;
      }
    }
    return { delivered, failed };
  } catch (error) {
    // A fault with one endpoint is not that of the others.
    holdMs = holdAfterFailureMs;
    needs.log.error('webhook_turn_failed', error, { endpoint: turn.endpointId });
    return { delivered, failed };
  } finally {
    await endTurn(needs.db, turn, holdMs);
  }
}

async function deliver(
  turn: WebhookTurn,
  { id, tries, event }: DueDelivery,
  forbidden: WebhookAnswer | undefined,
  { db, env }: Needs,
): Promise<WebhookAnswer['error']> {
  const at = new Date();
  const body = JSON.stringify(webhookEventOf(event));
  const seeds = [turn.secretSeed, ...(turn.previousSeed === null ? [] : [turn.previousSeed])];
  const secrets = await Promise.all(
    seeds.map(async (seed) => webhookSecret(env.CREDENTIAL_PEPPER, turn.endpointId, seed)),
  );
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'Marvel-Webhooks/1',
    'Marvel-Event-Id': event.id,
    'Marvel-Delivery-Id': id,
    [signatureHeader]: await signWebhook(body, secrets, Math.floor(at.getTime() / 1000)),
  };
  const answer = forbidden ?? (await sendWebhook(turn.url, headers, body));
  const durationMs = Date.now() - at.getTime();
  await recordAttempt(db, id, { ...answer, at, durationMs, waitMs: nextWaitMs(tries + 1), disableAfterMs });
  return answer.error;
}

/**
 * Why nothing is sent to a URL now: its name stands for an address that is not everybody's. `undefined` when it may be.
 *
 * Between this look-up and the one of the request the name can change. What is then reached is what Cloudflare's network
 * reaches: nothing of ours is in it.
 */
async function judgeTarget(text: string, { env }: Needs): Promise<WebhookAnswer | 'unavailable' | undefined> {
  const targets = webhookTargets(env);
  if (refuseWebhookUrl(text, targets) !== undefined) return refused('address_forbidden');
  const host = new URL(text).hostname;
  if (isLoopbackTarget(host, targets) || isIpLiteral(host) || host.startsWith('[')) return undefined;
  const found = await resolveHostname(env, host);
  if (!found.ok) return 'unavailable';
  if (found.value.length === 0) return refused('name_not_found');
  return found.value.every((address) => classifyAddress(address) === 'global')
    ? undefined
    : refused('address_forbidden');
}

/** What a name that cannot be looked up means for what is due: nothing yet, or a try that failed. */
function lookUpFailure({ deliveries }: WebhookTurn): WebhookAnswer | 'later' {
  const [first] = deliveries;
  const isLasting = first !== undefined && Date.now() - first.event.createdAt.getTime() >= lookUpPatienceMs;
  return isLasting ? refused('name_not_found') : 'later';
}

function refused(error: 'address_forbidden' | 'name_not_found'): WebhookAnswer {
  return { status: null, error, response: null };
}
