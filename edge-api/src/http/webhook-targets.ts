import { canonicalHost } from '@marvel/shared/destination';
import type { Failure } from '@marvel/shared/failures';
import { refuseWebhookUrl, type WebhookTargets } from '../domain/webhook-target.ts';
import type { Env } from '../env.ts';

/** What this deployment sends webhooks to. */
export function webhookTargets(env: Env): WebhookTargets {
  return { allowsLoopback: env.WEBHOOK_ALLOW_LOOPBACK, ownHosts: ownHostsOf(env) };
}

const known = new WeakMap<Env, ReadonlySet<string>>();

/** Every host that is this deployment: the API, the pages, the mounts and the gateways. */
function ownHostsOf(env: Env): ReadonlySet<string> {
  let hosts = known.get(env);
  if (hosts === undefined) {
    const { PUBLIC_API_URL: api, DASHBOARD_ORIGIN: pages, DIALECT_HOSTS: mounts } = env;
    const urls = [api, ...(pages === undefined ? [] : [pages])].map((url) => new URL(url).hostname);
    const gateways = [env.GATEWAY_ADDRESS, ...env.GATEWAY_DOORS.values()].map((text) => text.replace(/:[0-9]+$/, ''));
    hosts = new Set([...urls, ...mounts.keys(), ...gateways].map(canonicalHost));
    known.set(env, hosts);
  }
  return hosts;
}

/** The failure of a URL that nothing can be sent to. */
export function urlFailure(url: string, env: Env): Failure | undefined {
  const reason = refuseWebhookUrl(url, webhookTargets(env));
  return reason === undefined ? undefined : { code: 'invalid', message: `url: ${reason}` };
}
