import { WebhookEvent } from '@marvel/shared/api/webhook';
import * as v from 'valibot';

/** An event as it is sent: the same text at every try. Errors: throws on what is no event, which is a bug of who wrote it. */
export function webhookEventOf(stored: {
  readonly id: string;
  readonly accountId: string;
  readonly type: string;
  readonly createdAt: Date;
  readonly data: unknown;
}): WebhookEvent {
  const { id, accountId, type, createdAt, data } = stored;
  return v.parse(WebhookEvent, { id, type, created_at: createdAt.toISOString(), account_id: accountId, data });
}
