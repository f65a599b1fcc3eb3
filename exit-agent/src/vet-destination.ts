import { canonicalHost, type DestinationRefusal, isIpLiteral, judgeDestination } from '@marvel/shared/destination';
import type { DestinationPolicy } from '@marvel/shared/feed';
import { err, ok, type Result } from '@marvel/shared/result';
import type { Authority } from './authority.ts';
import type { BoundedLookup } from './resolve-host.ts';

/** Why there is nothing to dial: a refusal of policy, a name without addresses, or too many look-ups under way. */
export type VettingFailure =
  | { readonly kind: 'forbidden'; readonly refusal: DestinationRefusal }
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'busy' };

/**
 * The addresses that may be dialled, as IP literals in the resolver's order, at least one.
 *
 * The name is looked up once and every address that comes back is judged: one refused address refuses the destination,
 * and nothing is looked up again for the dial, so a name cannot be turned to a private address in between. An allow
 * entry for the name vouches for its addresses. `policy` is canonical. Source: CONTRACT 3.7.
 */
export async function vetDestination(
  { host, port }: Authority,
  policy: DestinationPolicy,
  lookup: BoundedLookup,
  timeoutMs: number,
): Promise<Result<readonly string[], VettingFailure>> {
  const refusal = judgeDestination(host, port, policy);
  if (refusal !== undefined) return err({ kind: 'forbidden', refusal });
  if (isIpLiteral(host)) return ok([host]);

  const found = await lookup(host, timeoutMs);
  if (!found.ok) return err({ kind: 'busy' });
  const addresses = found.value.map(canonicalHost);
  if (addresses.length === 0) return err({ kind: 'unresolved' });
  const vouched = policy.allow.some((entry) => entry.host === host && entry.port === port);
  for (const address of addresses) {
    const addressRefusal = judgeAddress(address, port, policy, vouched);
    if (addressRefusal !== undefined) return err({ kind: 'forbidden', refusal: addressRefusal });
  }
  return ok(addresses);
}

function judgeAddress(
  address: string,
  port: number,
  policy: DestinationPolicy,
  vouched: boolean,
): DestinationRefusal | undefined {
  // What is no literal must not reach `connect`, which would look it up a second time.
  if (!isIpLiteral(address)) return 'malformed';
  return vouched ? undefined : judgeDestination(address, port, policy);
}
