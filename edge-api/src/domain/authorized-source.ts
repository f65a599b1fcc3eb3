import { canonicalHost, classifyAddress, classifyHost, isIpLiteral } from '@marvel/shared/destination';
import type { DestinationPolicy } from '@marvel/shared/feed';
import { err, ok, type Result } from '@marvel/shared/result';

/** The most addresses that one host name stands for: as many as a feed record holds. */
export const maxSourceAddresses = 64;

/**
 * One spelling of what is to be authorised.
 *
 * An address that is not public is taken only when the fleet serves it as a destination, as a local stack does: then it is
 * an address of the fleet's own network. An address of the fleet itself is never a client's.
 * Errors: why it is refused, to follow the field's name.
 */
export function canonicalSource(
  kind: 'ip' | 'hostname',
  value: string,
  policy: DestinationPolicy,
): Result<string, string> {
  const host = canonicalHost(value);
  if (kind === 'hostname') {
    return classifyHost(host) === 'public_name' ? ok(host) : err('must be a public host name');
  }
  if (!isIpLiteral(host)) return err('must be an IPv4 or IPv6 address');
  return mayAuthorize(host, policy) ? ok(host) : err('must be a public address');
}

/** What a host name may stand for, of the addresses that it resolves to. */
export function authorizableAddresses(addresses: readonly string[], policy: DestinationPolicy): readonly string[] {
  const spelled = new Set(addresses.filter(isIpLiteral).map(canonicalHost));
  return [...spelled]
    .filter((address) => mayAuthorize(address, policy))
    .toSorted()
    .slice(0, maxSourceAddresses);
}

function mayAuthorize(address: string, { allow, own_addresses: own }: DestinationPolicy): boolean {
  if (allow.some(({ host }) => canonicalHost(host) === address)) return true;
  return classifyAddress(address) === 'global' && !own.some((each) => canonicalHost(each) === address);
}
