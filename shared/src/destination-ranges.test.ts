import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalHost, classifyAddress, classifyHost, type HostClass } from './destination.ts';

/** First and last address of a range, and the neighbours outside of it with their class; `null` where there is none. */
type Range = readonly [
  rangeClass: HostClass,
  first: string,
  last: string,
  before: readonly [string, HostClass] | null,
  after: readonly [string, HostClass] | null,
];
const global = (address: string) => [address, 'global'] as const;

const ranges: readonly Range[] = [
  ['unspecified', '0.0.0.0', '0.255.255.255', null, global('1.0.0.0')],
  ['private', '10.0.0.0', '10.255.255.255', global('9.255.255.255'), global('11.0.0.0')],
  ['shared_cgnat', '100.64.0.0', '100.127.255.255', global('100.63.255.255'), global('100.128.0.0')],
  ['loopback', '127.0.0.0', '127.255.255.255', global('126.255.255.255'), global('128.0.0.0')],
  ['link_local', '169.254.0.0', '169.254.255.255', global('169.253.255.255'), global('169.255.0.0')],
  ['private', '172.16.0.0', '172.31.255.255', global('172.15.255.255'), global('172.32.0.0')],
  ['reserved', '192.0.0.0', '192.0.0.255', global('191.255.255.255'), global('192.0.1.0')],
  ['documentation', '192.0.2.0', '192.0.2.255', global('192.0.1.255'), global('192.0.3.0')],
  ['reserved', '192.31.196.0', '192.31.196.255', global('192.31.195.255'), global('192.31.197.0')],
  ['reserved', '192.52.193.0', '192.52.193.255', global('192.52.192.255'), global('192.52.194.0')],
  ['6to4', '192.88.99.0', '192.88.99.255', global('192.88.98.255'), global('192.88.100.0')],
  ['private', '192.168.0.0', '192.168.255.255', global('192.167.255.255'), global('192.169.0.0')],
  ['reserved', '192.175.48.0', '192.175.48.255', global('192.175.47.255'), global('192.175.49.0')],
  ['benchmarking', '198.18.0.0', '198.19.255.255', global('198.17.255.255'), global('198.20.0.0')],
  ['documentation', '198.51.100.0', '198.51.100.255', global('198.51.99.255'), global('198.51.101.0')],
  ['documentation', '203.0.113.0', '203.0.113.255', global('203.0.112.255'), global('203.0.114.0')],
  ['multicast', '224.0.0.0', '239.255.255.255', global('223.255.255.255'), ['240.0.0.0', 'reserved']],
  ['reserved', '240.0.0.0', '255.255.255.254', ['239.255.255.255', 'multicast'], ['255.255.255.255', 'broadcast']],
  ['broadcast', '255.255.255.255', '255.255.255.255', ['255.255.255.254', 'reserved'], null],

  ['unspecified', '::', '::', null, ['::1', 'loopback']],
  ['loopback', '::1', '::1', ['::', 'unspecified'], ['::2', 'ipv4_mapped']],
  ['ipv4_mapped', '::2', '::ffff:ffff', ['::1', 'loopback'], ['::1:0:0', 'reserved']],
  ['ipv4_mapped', '::ffff:0:0', '::ffff:ffff:ffff', ['::fffe:ffff:ffff', 'reserved'], ['::1:0:0:0', 'reserved']],
  [
    'ipv4_mapped',
    '::ffff:0:0:0',
    '::ffff:0:ffff:ffff',
    ['::fffe:ffff:ffff:ffff', 'reserved'],
    ['::ffff:1:0:0', 'reserved'],
  ],
  [
    'nat64',
    '64:ff9b::',
    '64:ff9b::ffff:ffff',
    ['64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved'],
    ['64:ff9b::1:0:0', 'reserved'],
  ],
  [
    'nat64',
    '64:ff9b:1::',
    '64:ff9b:1:ffff:ffff:ffff:ffff:ffff',
    ['64:ff9b:0:ffff:ffff:ffff:ffff:ffff', 'reserved'],
    ['64:ff9b:2::', 'reserved'],
  ],
  [
    'reserved',
    '100::',
    '100::ffff:ffff:ffff:ffff',
    ['ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved'],
    ['100:0:0:1::', 'reserved'],
  ],
  [
    'reserved',
    '200::',
    '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ['1ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved'],
    global('2000::'),
  ],
  [
    'teredo',
    '2001::',
    '2001:0:ffff:ffff:ffff:ffff:ffff:ffff',
    global('2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
    ['2001:1::', 'reserved'],
  ],
  [
    'reserved',
    '2001:1::',
    '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff',
    ['2001:0:ffff:ffff:ffff:ffff:ffff:ffff', 'teredo'],
    global('2001:200::'),
  ],
  [
    'documentation',
    '2001:db8::',
    '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    global('2001:db7:ffff:ffff:ffff:ffff:ffff:ffff'),
    global('2001:db9::'),
  ],
  [
    '6to4',
    '2002::',
    '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    global('2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
    global('2003::'),
  ],
  [
    'documentation',
    '3fff::',
    '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff',
    global('3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
    global('3fff:1000::'),
  ],
  [
    'reserved',
    '4000::',
    '5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    global('3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
    ['5f00::', 'reserved'],
  ],
  ['reserved', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['5eff::', 'reserved'], ['5f01::', 'reserved']],
  [
    'unique_local',
    'fc00::',
    'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ['fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved'],
    ['fe00::', 'reserved'],
  ],
  [
    'link_local',
    'fe80::',
    'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ['fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'reserved'],
    ['fec0::', 'private'],
  ],
  [
    'private',
    'fec0::',
    'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ['febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'link_local'],
    ['ff00::', 'multicast'],
  ],
  [
    'multicast',
    'ff00::',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ['feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
    null,
  ],
];

test.each(ranges)('%s is %s to %s and ends there', (rangeClass, first, last, ...neighbours) => {
  const expected = [
    [first, rangeClass] as const,
    [last, rangeClass] as const,
    ...neighbours.filter((one) => one !== null),
  ];
  for (const [address, hostClass] of expected) {
    expect(classifyAddress(address), address).toBe(hostClass);
    expect(classifyHost(canonicalHost(address)), address).toBe(hostClass);
  }
});

test.each(['8.8.8.8', '93.184.215.14', '2606:4700:4700::1111', '2a00:1450:4001::1', '2400:cb00::1'])(
  '%s is global',
  (address) => {
    expect(classifyAddress(address)).toBe('global');
  },
);

test('no IPv6 address outside of 2000::/3 is global', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const isUnicast = /^[23][0-9a-f]{3}:/i.test(canonicalHost(address));
      expect(classifyAddress(address) !== 'global' || isUnicast).toBe(true);
    }),
  );
});

test('an IPv4 address inside an IPv6 one is never let through, whichever it is', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      for (const prefix of ['::ffff:', '::', '::ffff:0:', '64:ff9b::']) {
        expect(classifyHost(canonicalHost(`[${prefix}${address}]`)), prefix + address).not.toMatch(
          /^(global|public_name)$/,
        );
      }
    }),
  );
});
