import { UpdateWebhookEndpointRequest, WebhookEndpoint } from '@marvel/shared/api/webhook';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { updateWebhookEndpoint as updateStoredEndpoint } from '../../store/webhook-endpoint.ts';
import { IdParams } from '../id-params.ts';
import { showWebhookEndpoint } from './show-webhook-endpoint.ts';
import { urlFailure } from '../../http/webhook-targets.ts';

export const updateWebhookEndpoint = endpoint({
  method: 'PATCH',
  path: '/v1/webhook-endpoints/{id}',
  access: 'session',
  tag: 'Webhooks',
  summary: 'Change an endpoint, or turn it on or off',
  description: 'What a disabled endpoint was still to hear of is given up; it can be redelivered once it is on again.',
  params: IdParams,
  body: UpdateWebhookEndpointRequest,
  reply: { status: 200, description: 'The endpoint as it is now.', body: WebhookEndpoint },
  failures: [],
  async handle({ params, body, identity }, { db, env }) {
    const refusal = body.url === undefined ? undefined : urlFailure(body.url, env);
    if (refusal !== undefined) return err(refusal);
    const updated = await updateStoredEndpoint(db, identity.accountId, params.id, body);
    return updated.ok ? ok(showWebhookEndpoint(updated.value)) : updated;
  },
});
