import { crc32 } from './crc32.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomCharacters = 32;
const checksumCharacters = 6;
const proxyKeyPattern = /^mk_(live|test)_[0-9A-Za-z]{38}$/;
const apiKeyPattern = /^ma_live_[0-9A-Za-z]{38}$/;

/** How much of a key may be shown after it was made. */
export const keyPrefixLength = 12;

/** Whether a key moves real bytes (`live`) or exercises failures without a bill (`test`). */
export type KeyMode = 'live' | 'test';

/**
 * Makes a proxy key, which opens proxies: `mk_live_`, 32 base62 characters of randomness (190 bits), 6 of CRC-32.
 *
 * `randomBytes(n)` must come from a cryptographic source. Source: CONTRACT section 5.
 */
export function makeProxyKey(mode: KeyMode, randomBytes: (count: number) => Uint8Array): string {
  return makeKey(`mk_${mode}`, randomBytes);
}

/**
 * Makes an API key, which speaks for an account at the mounts as a proxy key never does: `ma_live_`, and the rest alike.
 *
 * The prefixes differ, so that neither can be taken for the other, by a person or by us.
 */
export function makeApiKey(randomBytes: (count: number) => Uint8Array): string {
  return makeKey('ma_live', randomBytes);
}

/** Whether text is a well-formed API key whose checksum fits. No look-up. */
export function isApiKey(text: string): boolean {
  return apiKeyPattern.test(text) && hasChecksum(text);
}

/** Whether text is a well-formed proxy key whose checksum fits, and of which mode; `undefined` for anything else. No look-up. */
export function readProxyKey(text: string): KeyMode | undefined {
  const match = proxyKeyPattern.exec(text);
  if (match === null) return undefined;
  if (!hasChecksum(text)) return undefined;
  return match[1] === 'live' ? 'live' : 'test';
}

/** The part of a key that lists may show. */
export function keyPrefix(key: string): string {
  return key.slice(0, keyPrefixLength);
}

/** Base62 text of `length` characters, without modulo bias. Errors: throws if the source yields no usable byte in 64 draws. */
export function randomBase62(length: number, randomBytes: (count: number) => Uint8Array): string {
  const maxDraws = 64;
  let text = '';
  for (let draw = 0; text.length < length; draw += 1) {
    if (draw === maxDraws) throw new Error('random source yields no usable bytes');
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62);
    }
  }
  return text;
}

function makeKey(prefix: string, randomBytes: (count: number) => Uint8Array): string {
  const body = `${prefix}_${randomBase62(randomCharacters, randomBytes)}`;
  return body + checksum(body);
}

function hasChecksum(key: string): boolean {
  return key.slice(-checksumCharacters) === checksum(key.slice(0, -checksumCharacters));
}

function checksum(body: string): string {
  let rest = crc32(new TextEncoder().encode(body));
  let text = '';
  for (let index = 0; index < checksumCharacters; index += 1) {
    text = alphabet.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
