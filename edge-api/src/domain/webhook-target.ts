import { canonicalHost, classifyHost, neverPorts } from '@marvel/shared/destination';

/** What a deployment lets webhooks be sent to beside public hosts over https. */
export interface WebhookTargets {
  /** Whether http to this machine will do, as in a local stack. */
  readonly allowsLoopback: boolean;
  /** Hosts of this deployment, which must not call itself. */
  readonly ownHosts: ReadonlySet<string>;
}

const loopbackHosts: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/** Why nothing can be sent to a URL, for its owner; `undefined` when it can, as far as its text tells. */
export function refuseWebhookUrl(text: string, targets: WebhookTargets): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL';
  const url = new URL(text);
  const host = canonicalHost(url.hostname);
  if (isLoopbackTarget(host, targets) && /^https?:$/.test(url.protocol)) return undefined;
  if (url.protocol !== 'https:') return 'must be an https URL';
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  if (url.hash !== '') return 'must not have a fragment';
  if (neverPorts.has(Number(url.port))) return 'must not have that port';
  if (targets.ownHosts.has(host)) return 'must not be a host of Marvel itself';
  const hostClass = classifyHost(host);
  return hostClass === 'global' || hostClass === 'public_name' ? undefined : 'must be a public host';
}

/** Whether a host is this machine, and may be. */
export function isLoopbackTarget(host: string, { allowsLoopback }: WebhookTargets): boolean {
  return allowsLoopback && loopbackHosts.has(canonicalHost(host));
}
