import { WebhookEndpointList } from '@marvel/shared/api/webhook';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listWebhookEndpoints as listStoredEndpoints } from '../../store/webhook-endpoint.ts';
import { showWebhookEndpoint } from './show-webhook-endpoint.ts';

export const listWebhookEndpoints = endpoint({
  method: 'GET',
  path: '/v1/webhook-endpoints',
  access: 'session',
  tag: 'Webhooks',
  summary: 'List the endpoints',
  reply: { status: 200, description: 'Newest first.', body: WebhookEndpointList },
  failures: [],
  async handle({ identity }, { db }) {
    const listed = await listStoredEndpoints(db, identity.accountId);
    return listed.ok ? ok({ data: listed.value.map(showWebhookEndpoint), next_cursor: null }) : listed;
  },
});
