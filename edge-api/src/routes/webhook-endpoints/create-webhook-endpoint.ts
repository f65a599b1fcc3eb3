import { CreatedWebhookEndpoint, CreateWebhookEndpointRequest, maxWebhookEndpoints } from '@marvel/shared/api/webhook';
import { err, ok } from '@marvel/shared/result';
import { webhookSecret } from '../../domain/webhook-secret.ts';
import { endpoint } from '../../http/endpoint.ts';
import { newId } from '../../store/new-id.ts';
import { createWebhookEndpoint as storeEndpoint } from '../../store/webhook-endpoint.ts';
import { tooMany } from '../too-many.ts';
import { newSecretSeed } from './new-secret-seed.ts';
import { showWebhookEndpoint } from './show-webhook-endpoint.ts';
import { urlFailure } from '../../http/webhook-targets.ts';

export const createWebhookEndpoint = endpoint({
  method: 'POST',
  path: '/v1/webhook-endpoints',
  access: 'session',
  tag: 'Webhooks',
  summary: 'Make an endpoint for events',
  description: `It hears of what happens from then on. The secret that signs what is sent is shown once. At most ${maxWebhookEndpoints} an account.`,
  body: CreateWebhookEndpointRequest,
  reply: { status: 201, description: 'The endpoint.', body: CreatedWebhookEndpoint },
  failures: ['conflict', 'invalid'],
  idempotent: true,
  async handle({ body: { url, events, description }, identity, once }, { db, env, nowMs, randomBytes }) {
    const refusal = urlFailure(url, env);
    if (refusal !== undefined) return err(refusal);
    const id = newId('whe');
    const secretSeed = newSecretSeed(randomBytes);
    const row = { id, accountId: identity.accountId, url, events, description, secretSeed, createdAt: new Date(nowMs) };
    const state = { failingSince: null, disabledAt: null, disabledReason: null };
    const answer = {
      ...showWebhookEndpoint({ ...row, ...state }),
      secret: await webhookSecret(env.CREDENTIAL_PEPPER, id, secretSeed),
    };
    const made = await storeEndpoint(db, row, maxWebhookEndpoints, await once?.seal(answer));
    if (made.ok) return ok(answer);
    return made.error.code === 'too_many' ? err(tooMany(maxWebhookEndpoints, 'webhook endpoints')) : err(made.error);
  },
});
