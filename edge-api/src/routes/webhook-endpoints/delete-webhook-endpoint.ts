import { endpoint } from '../../http/endpoint.ts';
import { deleteWebhookEndpoint as deleteStoredEndpoint } from '../../store/webhook-endpoint.ts';
import { IdParams } from '../id-params.ts';

export const deleteWebhookEndpoint = endpoint({
  method: 'DELETE',
  path: '/v1/webhook-endpoints/{id}',
  access: 'session',
  tag: 'Webhooks',
  summary: 'Delete an endpoint',
  params: IdParams,
  reply: { status: 204, description: 'Deleted; it hears of nothing more.' },
  failures: [],
  async handle({ params, identity }, { db }) {
    return deleteStoredEndpoint(db, identity.accountId, params.id);
  },
});
