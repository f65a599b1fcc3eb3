import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  canonicalHost,
  canonicalPolicy,
  classifyHost,
  defaultDestinationPolicy,
  type HostClass,
  isIpLiteral,
  judgeDestination,
  neverPorts,
} from './destination.ts';
import type { DestinationPolicy } from './feed.ts';

describe('odd spellings of loopback and private addresses', () => {
  it.each<[string, HostClass]>([
    ['0x7f.1', 'malformed'],
    ['0x7f000001', 'malformed'],
    ['0X7F.0.0.1', 'malformed'],
    ['0x7f.0x0.0x0.0x1', 'malformed'],
    ['2130706433', 'malformed'],
    ['017700000001', 'malformed'],
    ['0177.0.0.1', 'malformed'],
    ['0127.0.0.01', 'malformed'],
    ['127.1', 'malformed'],
    ['127.0.1', 'malformed'],
    ['127.0.0.1.', 'loopback'],
    ['[127.0.0.1]', 'malformed'],
    ['127.0.0.256', 'malformed'],
    ['1.2.3.4.5', 'malformed'],
    ['\uff11\uff12\uff17.0.0.1', 'malformed'],
    ['127\u30020\u30020\u30021', 'malformed'],
    ['%31%32%37.0.0.1', 'malformed'],
    [' 127.0.0.1', 'malformed'],
    ['127.0.0.1\n', 'malformed'],
    ['127.0.0.1\0', 'malformed'],
    ['[::1]', 'loopback'],
    ['::1', 'loopback'],
    ['[0:0:0:0:0:0:0:1]', 'loopback'],
    ['[::0001]', 'loopback'],
    ['[::127.0.0.1]', 'ipv4_mapped'],
    ['::ffff:10.0.0.1', 'ipv4_mapped'],
    ['[::ffff:a00:1]', 'ipv4_mapped'],
    ['[::FFFF:0A00:0001]', 'ipv4_mapped'],
    ['[0:0:0:0:0:ffff:169.254.169.254]', 'ipv4_mapped'],
    ['[::ffff:0177.0.0.1]', 'ipv4_mapped'],
    ['[64:ff9b::169.254.169.254]', 'nat64'],
    ['[2002:7f00:1::]', '6to4'],
    ['[fe80::1%eth0]', 'malformed'],
    ['fe80::1%25eth0', 'malformed'],
    ['[::1', 'malformed'],
    ['::1]', 'malformed'],
    ['[[::1]]', 'malformed'],
    [':::', 'malformed'],
    ['[]', 'malformed'],
    ['0', 'malformed'],
    ['0x', 'malformed'],
  ])('%j is %s', (host, hostClass) => {
    expect(classifyHost(canonicalHost(host))).toBe(hostClass);
    expect(judgeDestination(canonicalHost(host), 443, defaultDestinationPolicy)).toBe(hostClass);
  });

  it('is every host whose last label is a number, whatever comes before it', () => {
    for (const host of ['example.123', 'a.0x1f', 'a.0x']) expect(classifyHost(host), host).toBe('malformed');
    for (const host of ['a.0xg', '1.example', '0x1.example']) expect(classifyHost(host), host).toBe('public_name');
  });
});

describe('names', () => {
  it.each<[string, HostClass]>([
    ['example.com', 'public_name'],
    ['EXAMPLE.Com', 'public_name'],
    ['example.com.', 'public_name'],
    ['a_b.example.com', 'public_name'],
    ['_dmarc.example.com', 'public_name'],
    ['xn--bcher-kva.example', 'public_name'],
    ['123.example.com', 'public_name'],
    ['10.0.0.1.nip.io', 'public_name'],
    ['localhost.example.com', 'public_name'],
    ['my-internal.com', 'public_name'],
    [`${'a'.repeat(63)}.com`, 'public_name'],
    ['localhost', 'local_name'],
    ['LOCALHOST.', 'local_name'],
    ['a.localhost', 'local_name'],
    ['printer', 'local_name'],
    ['printer.local', 'local_name'],
    ['db.prod.internal', 'local_name'],
    ['x.lan', 'local_name'],
    ['x.home.arpa', 'local_name'],
    ['x.onion', 'local_name'],
    ['x.test', 'local_name'],
    ['x.invalid', 'local_name'],
    ['metadata', 'metadata_name'],
    ['metadata.google.internal', 'metadata_name'],
    ['Metadata.Google.Internal.', 'metadata_name'],
    ['metadata.goog', 'metadata_name'],
    ['metadata.azure.com', 'metadata_name'],
    ['metadata.azure.internal', 'metadata_name'],
    ['metadata.tencentyun.com', 'metadata_name'],
    ['metadata.platformequinix.com', 'metadata_name'],
    ['instance-data', 'metadata_name'],
    ['instance-data.ec2.internal', 'metadata_name'],
    ['', 'malformed'],
    ['.', 'malformed'],
    ['example.com..', 'malformed'],
    ['.example.com', 'malformed'],
    ['a..b', 'malformed'],
    ['-a.example.com', 'malformed'],
    ['a-.example.com', 'malformed'],
    [`${'a'.repeat(64)}.com`, 'malformed'],
    [`${'a.'.repeat(127)}com`, 'malformed'],
    ['b\u00fccher.example', 'malformed'],
    ['exam ple.com', 'malformed'],
    ['example.com/path', 'malformed'],
    ['user@example.com', 'malformed'],
    ['example.com\r\nX: y', 'malformed'],
    ['[example.com]', 'malformed'],
    ['*.example.com', 'malformed'],
  ])('%j is %s', (host, hostClass) => {
    expect(classifyHost(canonicalHost(host))).toBe(hostClass);
  });
});

test('a host has one spelling', () => {
  expect(canonicalHost('[2001:0DB8:0:0::1]')).toBe('2001:db8::1');
  expect(canonicalHost('Example.COM.')).toBe('example.com');
  expect(canonicalHost('203.0.113.7')).toBe('203.0.113.7');
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.ipV4(), fc.domain(), fc.string()), (host) => {
      const once = canonicalHost(host);
      // A name of many dots loses one at a time, and is malformed however many it keeps.
      fc.pre(!once.endsWith('.') && !once.startsWith('['));
      expect(canonicalHost(once)).toBe(once);
    }),
  );
});

test('an address in text is four decimal numbers or an IPv6 address without brackets or zone', () => {
  for (const text of ['1.2.3.4', '::', '::1', '::ffff:1.2.3.4', '2001:DB8::1'])
    expect(isIpLiteral(text), text).toBe(true);
  for (const text of ['1.2.3', '1.2.3.04', '0x1.2.3.4', '1.2.3.4.', '[::1]', 'fe80::1%eth0', 'a', '', ':']) {
    expect(isIpLiteral(text), text).toBe(false);
  }
});

describe('a policy', () => {
  const policy: DestinationPolicy = {
    ports: [443, 8443],
    allow: [
      { host: '127.0.0.1', port: 8888 },
      { host: 'echo.local', port: 8888 },
      { host: '127.0.0.1', port: 25 },
    ],
    own_addresses: ['198.41.0.4', '2001:503:ba3e::2:30'],
  };

  it('serves its ports of public hosts and no other', () => {
    for (const port of [443, 8443]) expect(judgeDestination('example.com', port, policy)).toBeUndefined();
    for (const port of [0, 1, 22, 80, 444, 65_535]) expect(judgeDestination('example.com', port, policy)).toBe('port');
    expect(judgeDestination('8.8.8.8', 443, policy)).toBeUndefined();
    expect(judgeDestination('10.0.0.1', 443, policy)).toBe('private');
  });

  it('lets an allowed host through on its port alone', () => {
    expect(judgeDestination('127.0.0.1', 8888, policy)).toBeUndefined();
    expect(judgeDestination('echo.local', 8888, policy)).toBeUndefined();
    expect(judgeDestination('127.0.0.1', 443, policy)).toBe('loopback');
    expect(judgeDestination('127.0.0.2', 8888, policy)).toBe('port');
    expect(judgeDestination('sub.echo.local', 8888, policy)).toBe('port');
  });

  it('never opens the ports of mail and of the debug bridge, not even by an allow entry', () => {
    expect([...neverPorts]).toEqual([25, 465, 587, 5555]);
    for (const port of neverPorts) {
      const open = { ports: [port], allow: [{ host: '127.0.0.1', port }], own_addresses: [] };
      expect(judgeDestination('127.0.0.1', port, open), String(port)).toBe('port');
      expect(judgeDestination('example.com', port, open), String(port)).toBe('port');
    }
  });

  it('refuses the addresses of the fleet, unless one is allowed by name', () => {
    expect(judgeDestination('198.41.0.4', 443, policy)).toBe('own_address');
    expect(judgeDestination('2001:503:ba3e::2:30', 443, policy)).toBe('own_address');
    const allow = [{ host: '198.41.0.4', port: 443 }];
    expect(judgeDestination('198.41.0.4', 443, { ...policy, allow })).toBeUndefined();
  });

  it('finds hosts and addresses however they were spelled, once it is canonical', () => {
    const spelled = canonicalPolicy({
      ports: [443],
      allow: [{ host: 'ECHO.Local.', port: 8888 }],
      own_addresses: ['2001:0503:BA3E:0::2:30'],
    });
    expect(judgeDestination('echo.local', 8888, spelled)).toBeUndefined();
    expect(judgeDestination(canonicalHost('[2001:503:ba3e::0:2:30]'), 443, spelled)).toBe('own_address');
  });

  it('that nobody gave serves the four usual ports and allows nothing else', () => {
    expect(defaultDestinationPolicy).toEqual({ ports: [80, 443, 8080, 8443], allow: [], own_addresses: [] });
  });
});
