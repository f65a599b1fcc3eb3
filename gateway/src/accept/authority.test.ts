import { describe, expect, test } from 'vitest';
import { parseAuthority } from './authority.ts';

describe('an authority', () => {
  test.each([
    ['example.com:443', 'example.com', 443],
    ['EXAMPLE.com:1', 'EXAMPLE.com', 1],
    ['a_b.example.:65535', 'a_b.example.', 65_535],
    ['192.0.2.1:80', '192.0.2.1', 80],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
    ['[::ffff:192.0.2.1]:443', '::ffff:192.0.2.1', 443],
    ['x:8080', 'x', 8080],
  ])('%s is read', (text, host, port) => {
    expect(parseAuthority(text)).toEqual({ host, port });
  });

  test.each([
    '',
    'example.com',
    'example.com:',
    ':443',
    'example.com:0',
    'example.com:0443',
    'example.com:65536',
    'example.com:99999',
    'example.com:443443',
    'example.com:+443',
    'example.com:44x',
    'example.com:443:443',
    'user@example.com:443',
    'http://example.com:443',
    'http://example.com:443/',
    'example.com:443/',
    'exam ple.com:443',
    'ex%61mple.com:443',
    '2001:db8::1:443',
    '[2001:db8::1]',
    '[2001:db8::1:443',
    '[2001:db8::g]:443',
    '[fe80::1%eth0]:443',
    '[example.com]:443',
    '[192.0.2.1]:443',
    '[]:443',
    '-example.com:443',
    `${'a'.repeat(256)}:443`,
  ])('%s is none', (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });
});
