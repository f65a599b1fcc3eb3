import { expect, test } from 'vitest';
import { parseAuthority } from './authority.ts';

test.each([
  ['example.com:443', 'example.com', 443],
  ['EXAMPLE.com.:1', 'example.com', 1],
  ['10.0.0.1:65535', '10.0.0.1', 65_535],
  ['[2001:DB8::0:1]:80', '2001:db8::1', 80],
  ['[::ffff:10.0.0.1]:80', '::ffff:a00:1', 80],
  ['0x7f.1:80', '0x7f.1', 80],
])('%s names %s and port %i', (text, host, port) => {
  expect(parseAuthority(text)).toEqual({ host, port });
});

test.each([
  'example.com',
  'example.com:',
  'example.com:0',
  'example.com:65536',
  'example.com:080',
  'example.com:+80',
  'example.com:80 ',
  ':80',
  '::1:80',
  '[::1]',
  '[::1]80',
  '[::1%lo]:80',
  '[example.com]:80',
  'user@example.com:80',
  'http://example.com:80',
  'example.com/path:80',
  `${'a'.repeat(255)}:80`,
  '',
])('%s names nothing', (text) => {
  expect(parseAuthority(text)).toBeUndefined();
});
