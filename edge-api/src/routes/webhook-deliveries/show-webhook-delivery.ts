import type { WebhookAttempt, WebhookDelivery } from '@marvel/shared/api/webhook';
import type { WebhookDelivery as StoredDelivery } from '../../store/webhook-delivery.ts';

type StoredAttempt = NonNullable<StoredDelivery['last']>;

/** A delivery as its owner sees it. */
export function showWebhookDelivery({ delivery, type, last }: StoredDelivery): WebhookDelivery {
  return {
    id: delivery.id,
    endpoint_id: delivery.endpointId,
    event_id: delivery.eventId,
    event_type: type,
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: delivery.nextAttemptAt?.toISOString() ?? null,
    created_at: delivery.createdAt.toISOString(),
    last_attempt: last === null ? null : showWebhookAttempt(last),
  };
}

/** One try. */
export function showWebhookAttempt(attempt: StoredAttempt): WebhookAttempt {
  const { number, at, durationMs, status, error, response } = attempt;
  return { number, at: at.toISOString(), duration_ms: durationMs, status, error, response };
}
