import { WebhookDelivery } from '@marvel/shared/api/webhook';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { deliverSoon } from '../../jobs/deliver-webhooks.ts';
import { redeliverWebhook as redeliverStoredWebhook } from '../../store/webhook-delivery.ts';
import { IdParams } from '../id-params.ts';
import { showWebhookDelivery } from './show-webhook-delivery.ts';

export const redeliverWebhook = endpoint({
  method: 'POST',
  path: '/v1/webhook-deliveries/{id}/redeliver',
  access: 'session',
  tag: 'Webhooks',
  summary: 'Send an event again',
  description:
    'At once, and from then on by the schedule until the endpoint takes it. The event keeps its id. Refused for an endpoint that is disabled or deleted, and after 100 tries.',
  params: IdParams,
  reply: { status: 202, description: 'The delivery, which is due.', body: WebhookDelivery },
  failures: ['conflict'],
  async handle({ params: { id }, identity: { accountId } }, services) {
    const due = await redeliverStoredWebhook(services.db, accountId, id);
    if (!due.ok) return err(due.error);
    deliverSoon(services, accountId);
    return ok(showWebhookDelivery(due.value));
  },
});
