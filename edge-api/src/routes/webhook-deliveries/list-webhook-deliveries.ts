import { WebhookDeliveryPage, WebhookDeliveryQuery } from '@marvel/shared/api/webhook';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listWebhookDeliveries as listStoredDeliveries, type WebhookDelivery } from '../../store/webhook-delivery.ts';
import { listById } from '../paged-list.ts';
import { showWebhookDelivery } from './show-webhook-delivery.ts';

const deliveries = listById('webhook-deliveries', ({ delivery }: WebhookDelivery) => delivery.id);

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
    const page = deliveries.wanted(query);
    if (!page.ok) return page;
    const filter = { endpointId: query.endpoint, status: query.status };
    const listed = await listStoredDeliveries(db, identity.accountId, filter, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = deliveries.pageOf(listed.value, page.value.limit);
    return ok({ data: rows.map(showWebhookDelivery), next_cursor: nextCursor });
  },
});
