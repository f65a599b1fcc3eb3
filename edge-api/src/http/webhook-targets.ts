import type { Failure } from '@marvel/shared/failures';
import { refuseWebhookUrl, type WebhookTargets } from '../domain/webhook-target.ts';
import type { Env } from '../env.ts';

/** What this deployment sends webhooks to. */
export function webhookTargets(env: Env): WebhookTargets {
  return { allowsLoopback: env.WEBHOOK_ALLOW_LOOPBACK, ownHost: new URL(env.PUBLIC_API_URL).hostname };
}

/** The failure of a URL that nothing can be sent to. */
export function urlFailure(url: string, env: Env): Failure | undefined {
  const reason = refuseWebhookUrl(url, webhookTargets(env));
  return reason === undefined ? undefined : { code: 'invalid', message: `url: ${reason}` };
}
