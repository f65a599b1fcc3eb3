import { WebhookDeliveryLog } from '@marvel/shared/api/webhook';
import { ok } from '@marvel/shared/result';
import { webhookEventOf } from '../../domain/webhook-event.ts';
import { endpoint } from '../../http/endpoint.ts';
import { findDeliveryLog, findWebhookDelivery } from '../../store/webhook-delivery.ts';
import { IdParams } from '../id-params.ts';
import { showWebhookAttempt, showWebhookDelivery } from './show-webhook-delivery.ts';

export const getWebhookDelivery = endpoint({
  method: 'GET',
  path: '/v1/webhook-deliveries/{id}',
  access: 'session',
  tag: 'Webhooks',
  summary: 'Read a delivery: what is sent, and every try',
  params: IdParams,
  reply: { status: 200, description: 'The delivery.', body: WebhookDeliveryLog },
  failures: [],
  async handle({ params: { id }, identity: { accountId } }, { db }) {
    const [found, log] = await Promise.all([
      findWebhookDelivery(db, accountId, id),
      findDeliveryLog(db, accountId, id),
    ]);
    if (!found.ok) return found;
    if (!log.ok) return log;
    const { event, attempts } = log.value;
    return ok({
      ...showWebhookDelivery(found.value),
      event: webhookEventOf(event),
      log: attempts.map(showWebhookAttempt),
    });
  },
});
