import { WebhookDeliveryPage, WebhookDeliveryQuery } from '@marvel/shared/api/webhook';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listWebhookDeliveries as listStoredDeliveries } from '../../store/webhook-delivery.ts';
import { pageOf } from '../page.ts';
import { pageWanted } from '../page-wanted.ts';
import { showWebhookDelivery } from './show-webhook-delivery.ts';

export const listWebhookDeliveries = endpoint({
  method: 'GET',
  path: '/v1/webhook-deliveries',
  access: 'session',
  tag: 'Webhooks',
  summary: 'List what was sent to endpoints, and what became of it',
  description: 'Deliveries are kept for 30 days.',
  query: WebhookDeliveryQuery,
  reply: { status: 200, description: 'Newest first.', body: WebhookDeliveryPage },
  failures: [],
  async handle({ query, identity }, { db }) {
    const page = pageWanted(query);
    const filter = { endpointId: query.endpoint, status: query.status };
    const listed = await listStoredDeliveries(db, identity.accountId, filter, page);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, page.limit, ({ delivery }) => delivery.id);
    return ok({ data: rows.map(showWebhookDelivery), next_cursor: nextCursor });
  },
});
