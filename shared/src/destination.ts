import ipaddr from 'ipaddr.js';
import type { DestinationPolicy } from './feed.ts';

/** Named classes of what a host may be. Only `global` addresses and public names are served. Source: CONTRACT 3.7. */
export type HostClass =
  | 'public_name'
  | 'local_name'
  | 'metadata_name'
  | 'malformed'
  | 'global'
  | 'private'
  | 'loopback'
  | 'link_local'
  | 'shared_cgnat'
  | 'multicast'
  | 'unspecified'
  | 'broadcast'
  | 'ipv4_mapped'
  | 'nat64'
  | '6to4'
  | 'teredo'
  | 'unique_local'
  | 'documentation'
  | 'benchmarking'
  | 'reserved';

/** Ports no policy and no allow entry can open: mail, and Android's debug bridge. */
export const neverPorts: ReadonlySet<number> = new Set([25, 465, 587, 5555]);

/** The policy of a fleet that was given none. */
export const defaultDestinationPolicy: DestinationPolicy = {
  ports: [80, 443, 8080, 8443],
  allow: [],
  own_addresses: [],
};

const metadataNames: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.com',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'metadata.platformequinix.com',
  'instance-data',
  'instance-data.ec2.internal',
]);
const localSuffixes = [
  'localhost',
  'local',
  'internal',
  'intranet',
  'lan',
  'home',
  'corp',
  'private',
  'home.arpa',
  'test',
  'invalid',
  'onion',
];
const namePattern =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** What `ipaddr.js` calls the ranges it knows; anything it adds is `reserved` until it is named here. */
const ipv4Classes: Readonly<Record<string, HostClass>> = {
  unicast: 'global',
  private: 'private',
  loopback: 'loopback',
  linkLocal: 'link_local',
  carrierGradeNat: 'shared_cgnat',
  multicast: 'multicast',
  unspecified: 'unspecified',
  broadcast: 'broadcast',
  reserved: 'reserved',
};
const ipv6Classes: Readonly<Record<string, HostClass>> = {
  ...ipv4Classes,
  uniqueLocal: 'unique_local',
  ipv4Mapped: 'ipv4_mapped',
  rfc6145: 'ipv4_mapped',
  rfc6052: 'nat64',
  '6to4': '6to4',
  teredo: 'teredo',
  benchmarking: 'benchmarking',
};
const namedRanges: readonly (readonly [string, HostClass])[] = [
  ['0.0.0.0/8', 'unspecified'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'documentation'],
  ['192.31.196.0/24', 'reserved'],
  ['192.52.193.0/24', 'reserved'],
  ['192.88.99.0/24', '6to4'],
  ['192.175.48.0/24', 'reserved'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['255.255.255.255/32', 'broadcast'],
  ['240.0.0.0/4', 'reserved'],
  ['::1/128', 'loopback'],
  ['::/128', 'unspecified'],
  ['64:ff9b::/96', 'nat64'],
  ['64:ff9b:1::/48', 'nat64'],
  ['100::/64', 'reserved'],
  ['2001::/32', 'teredo'],
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'documentation'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'reserved'],
  ['fec0::/10', 'private'],
  ['::/96', 'ipv4_mapped'],
];
/** All that IANA gives out as global unicast; what lies outside of it and has no other name is reserved. */
const ipv6GlobalUnicast = ipaddr.parseCIDR('2000::/3');
const parsedRanges = namedRanges.map(([cidr, name]) => ({ range: ipaddr.parseCIDR(cidr), name }));

/** Whether text is an IPv4 dotted quad or an IPv6 address, without brackets or zone. */
export function isIpLiteral(host: string): boolean {
  return (
    ipaddr.IPv4.isValidFourPartDecimal(host) || (host.includes(':') && !host.includes('%') && ipaddr.IPv6.isValid(host))
  );
}

/** One spelling per host: lower case, no brackets, no trailing dot, IPv6 compressed. */
export function canonicalHost(host: string): string {
  const bare = /^\[[^\]]*:[^\]]*\]$/.test(host) ? host.slice(1, -1) : host;
  if (bare.includes(':')) return isIpLiteral(bare) ? ipaddr.parse(bare).toString() : bare.toLowerCase();
  const lower = bare.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

/** The class of a canonical host. A name that some resolver would read as a number (`0x7f.1`, `2130706433`) is malformed. */
export function classifyHost(host: string): HostClass {
  if (isIpLiteral(host)) return classifyAddress(host);
  if (!namePattern.test(host)) return 'malformed';
  const lastLabel = host.slice(host.lastIndexOf('.') + 1);
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(lastLabel)) return 'malformed';
  if (metadataNames.has(host)) return 'metadata_name';
  if (!host.includes('.') || localSuffixes.some((suffix) => host.endsWith(`.${suffix}`))) return 'local_name';
  return 'public_name';
}

/** The class of an IP address in text. */
export function classifyAddress(address: string): HostClass {
  if (!isIpLiteral(address)) return 'malformed';
  const parsed = ipaddr.parse(address);
  for (const { range, name } of parsedRanges) {
    if (range[0].kind() === parsed.kind() && parsed.match(range)) return name;
  }
  if (parsed.kind() === 'ipv4') return ipv4Classes[parsed.range()] ?? 'reserved';
  const ipv6Class = ipv6Classes[parsed.range()] ?? 'reserved';
  return ipv6Class === 'global' && !parsed.match(ipv6GlobalUnicast) ? 'reserved' : ipv6Class;
}

/** A policy whose hosts and addresses are spelled as `judgeDestination` compares them. Cost: O(entries), so once per policy. */
export function canonicalPolicy(policy: DestinationPolicy): DestinationPolicy {
  return {
    ports: policy.ports,
    allow: policy.allow.map(({ host, port }) => ({ host: canonicalHost(host), port })),
    own_addresses: policy.own_addresses.map(canonicalHost),
  };
}

/** Why a destination is refused. */
export type DestinationRefusal = 'port' | 'own_address' | Exclude<HostClass, 'global' | 'public_name'>;

/**
 * Judges a destination as far as its text tells: `undefined` lets it through. Used by the gateway on what the client
 * sent, and by the exit agent on the address it is about to dial. `host` and `policy` are canonical.
 */
export function judgeDestination(
  host: string,
  port: number,
  policy: DestinationPolicy,
): DestinationRefusal | undefined {
  if (neverPorts.has(port)) return 'port';
  if (policy.allow.some((entry) => entry.port === port && entry.host === host)) return undefined;
  if (policy.own_addresses.includes(host)) return 'own_address';
  if (!policy.ports.includes(port)) return 'port';
  const hostClass = classifyHost(host);
  return hostClass === 'global' || hostClass === 'public_name' ? undefined : hostClass;
}
