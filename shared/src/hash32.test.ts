import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash32, mix32 } from './hash32.ts';

// From another implementation of FNV-1a and of MurmurHash3's finalizer: every gateway has to choose the same exit.
test.each([
  ['', 0xab3e_7c0b],
  ['a', 0x1a80_b1b3],
  ['acc_1\nsession', 0xf5eb_ed9b],
  ['\u20ac', 0xd97c_11d7],
])('the hash of %j is the same in every runtime', (text, hash) => {
  expect(hash32(text)).toBe(hash);
});

test('a hash is an unsigned 32-bit integer, and mixing loses nothing', () => {
  expect(mix32(0)).toBe(0);
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.string(), (a, b, text) => {
      for (const hash of [mix32(a), hash32(text)]) expect(hash).toBe(hash >>> 0);
      expect(mix32(a) === mix32(b)).toBe(a >>> 0 === b >>> 0);
    }),
  );
});
