import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isApiKey, keyPrefix, makeApiKey, makeProxyKey, randomBase62, readProxyKey } from './key-format.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('');
const randomBytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
const Mode = fc.constantFrom('live' as const, 'test' as const);
const Key = fc
  .tuple(Mode, fc.uint8Array({ minLength: 32, maxLength: 32, max: 247 }))
  .map(([mode, bytes]) => makeProxyKey(mode, () => bytes));

test('a key is its mode, 32 characters of randomness and 6 of checksum', () => {
  expect(makeProxyKey('live', (count) => new Uint8Array(count))).toBe('mk_live_000000000000000000000000000000001X9OI5');
  const digits = Uint8Array.from({ length: 32 }, (_, index) => 30 + index);
  expect(makeProxyKey('test', () => digits)).toBe('mk_test_UVWXYZabcdefghijklmnopqrstuvwxyz2Z7Fmr');
});

test('a key that was made is read, with its mode, and shows 12 characters', () => {
  fc.assert(
    fc.property(Mode, (mode) => {
      const key = makeProxyKey(mode, randomBytes);
      expect(key).toMatch(/^mk_(live|test)_[0-9A-Za-z]{38}$/);
      expect(readProxyKey(key)).toBe(mode);
      expect(keyPrefix(key)).toBe(key.slice(0, 12));
    }),
  );
});

describe('a typo is refused without a look-up', () => {
  it('any one character changed', () => {
    fc.assert(
      fc.property(Key, fc.nat(45), fc.constantFrom(...alphabet, '_', '-', ' ', '\u00e9'), (key, at, character) => {
        fc.pre(key.charAt(at) !== character);
        expect(readProxyKey(key.slice(0, at) + character + key.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  it('every one character of one key changed to every other', () => {
    const key = makeProxyKey('live', randomBytes);
    const accepted = key
      .split('')
      .flatMap((_, at) => alphabet.map((character) => key.slice(0, at) + character + key.slice(at + 1)))
      .filter((text) => readProxyKey(text) !== undefined);
    expect(new Set(accepted)).toEqual(new Set([key]));
  });

  it('any two neighbours exchanged', () => {
    fc.assert(
      fc.property(Key, fc.nat(44), (key, at) => {
        fc.pre(key.charAt(at) !== key.charAt(at + 1));
        const swapped = key.slice(0, at) + key.charAt(at + 1) + key.charAt(at) + key.slice(at + 2);
        expect(readProxyKey(swapped)).toBeUndefined();
      }),
    );
  });

  it('a character lost, doubled or added, or the wrong case', () => {
    fc.assert(
      fc.property(Key, fc.nat(45), (key, at) => {
        expect(readProxyKey(key.slice(0, at) + key.slice(at + 1))).toBeUndefined();
        expect(readProxyKey(key.slice(0, at + 1) + key.slice(at))).toBeUndefined();
        expect(readProxyKey(key.toUpperCase())).toBeUndefined();
      }),
    );
  });

  it('a live key called a test key', () => {
    const key = makeProxyKey('live', randomBytes);
    expect(readProxyKey(key.replace('live', 'test'))).toBeUndefined();
  });

  it.each([
    '',
    'mk_live_',
    ' ',
    'sk_live_000000000000000000000000000000001X9OI5',
    'mk_live_000000000000000000000000000000001X9OI5\n',
  ])('%j', (text) => {
    expect(readProxyKey(text)).toBeUndefined();
  });
});

describe('random base62 text', () => {
  it('has the length asked for', () => {
    for (const length of [0, 1, 43, 200])
      expect(randomBase62(length, randomBytes)).toMatch(new RegExp(`^[0-9A-Za-z]{${length}}$`));
  });

  it('takes each character from as many byte values as any other, and passes over the rest', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const counts = new Map<string, number>();
    for (const character of randomBase62(248, () => all)) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(new Set(counts.keys())).toEqual(new Set(alphabet));
    expect(new Set(counts.values())).toEqual(new Set([4]));
  });

  it('does not wait for ever on a source that gives nothing usable', () => {
    expect(() => randomBase62(1, () => new Uint8Array([255]))).toThrow('random source');
    expect(() => randomBase62(1, () => new Uint8Array())).toThrow('random source');
  });
});

test('an API key has the form of a proxy key, and neither is read as the other', () => {
  const apiKey = makeApiKey((count) => new Uint8Array(count));
  expect(apiKey).toMatch(/^ma_live_0{32}[0-9A-Za-z]{6}$/);
  expect(isApiKey(apiKey)).toBe(true);
  expect(isApiKey(`${apiKey.slice(0, -1)}-`)).toBe(false);
  expect(isApiKey(apiKey.replace('ma_live_0', 'ma_live_1'))).toBe(false);
  expect(readProxyKey(apiKey)).toBeUndefined();
  expect(isApiKey(makeProxyKey('live', randomBytes))).toBe(false);
});
