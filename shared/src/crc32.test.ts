import { expect, test } from 'vitest';
import { crc32 } from './crc32.ts';

test.each([
  ['', 0x0000_0000],
  ['a', 0xe8b7_be43],
  ['abc', 0x3524_41c2],
  ['123456789', 0xcbf4_3926],
  ['The quick brown fox jumps over the lazy dog', 0x414f_a339],
  ['\u00e9', 0x0e04_8d3e],
])('of %j is what ISO 3309 and zlib say', (text, checksum) => {
  expect(crc32(new TextEncoder().encode(text))).toBe(checksum);
});

test('of 32 zeros and of 32 ones is what zlib says', () => {
  expect(crc32(new Uint8Array(32))).toBe(0x190a_55ad);
  expect(crc32(new Uint8Array(32).fill(0xff))).toBe(0xff6c_ab0b);
});
