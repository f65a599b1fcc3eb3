import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { classifyAddress } from '@marvel/shared/destination';

/** Every address that this host has, of its loopback interface too: public ones are put there to be answered by many hosts. */
export function addressesOfHost(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}

/**
 * The addresses that listeners on these hosts are reached at, as far as this host knows: none of them is a destination. For a
 * wildcard those are all that the host has. A name that is not found counts for nothing: nobody can listen there.
 */
export async function ownAddresses(
  hosts: readonly string[],
  ofHost: () => readonly string[],
): Promise<readonly string[]> {
  const named = await Promise.all(
    [...new Set(hosts)].map(async (host) => {
      const found = isIP(host) === 0 ? await lookup(host, { all: true }).catch(() => []) : [{ address: host }];
      return found.map(({ address }) => address);
    }),
  );
  const bound = named.flat();
  const isEverywhere = bound.some((address) => classifyAddress(address) === 'unspecified');
  return [...new Set(isEverywhere ? [...bound, ...ofHost()] : bound)];
}
