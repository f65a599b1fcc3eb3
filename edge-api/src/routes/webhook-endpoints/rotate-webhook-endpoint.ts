import { RotatedWebhookEndpoint } from '@marvel/shared/api/webhook';
import { ok } from '@marvel/shared/result';
import { webhookSecret } from '../../domain/webhook-secret.ts';
import { endpoint } from '../../http/endpoint.ts';
import {
  findWebhookEndpoint,
  rotateWebhookEndpoint as rotateStoredEndpoint,
  secretOverlapMs,
} from '../../store/webhook-endpoint.ts';
import { IdParams } from '../id-params.ts';
import { newSecretSeed } from './new-secret-seed.ts';
import { showWebhookEndpoint } from './show-webhook-endpoint.ts';

export const rotateWebhookEndpoint = endpoint({
  method: 'POST',
  path: '/v1/webhook-endpoints/{id}/rotate',
  access: 'session',
  tag: 'Webhooks',
  summary: 'Replace the secret of an endpoint',
  description: 'For a day every delivery is signed with both, so that no receiver has to change at the same moment.',
  params: IdParams,
  reply: { status: 201, description: 'The endpoint with its new secret, shown once.', body: RotatedWebhookEndpoint },
  failures: [],
  idempotent: true,
  async handle({ params: { id }, identity: { accountId }, once }, { db, env, nowMs, randomBytes }) {
    const found = await findWebhookEndpoint(db, accountId, id);
    if (!found.ok) return found;
    const seed = newSecretSeed(randomBytes);
    const previousEndsAt = new Date(nowMs + secretOverlapMs);
    const answer = {
      ...showWebhookEndpoint(found.value),
      secret: await webhookSecret(env.CREDENTIAL_PEPPER, id, seed),
      previous_secret_expires_at: previousEndsAt.toISOString(),
    };
    const rotated = await rotateStoredEndpoint(db, accountId, id, { seed, previousEndsAt }, await once?.seal(answer));
    return rotated.ok ? ok(answer) : rotated;
  },
});
