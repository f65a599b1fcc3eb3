import { expect, test } from 'vitest';
import { readPublicKey } from './public-key.ts';

test('a private key never leaves the page', () => {
  const read = readPublicKey('{"kty":"OKP","crv":"Ed25519","x":"a","d":"secret"}');
  expect(read.ok).toBe(false);
  expect(JSON.stringify(read)).not.toContain('"secret"');
});

test('what is no JWK is said to be none', () => {
  for (const text of ['', 'nonsense', '"text"', 'null'])
    expect(readPublicKey(text)).toEqual({ ok: false, error: 'must be a JWK, in JSON' });
  expect(readPublicKey('{"kty":"OKP"}')).toEqual({ ok: true, value: { kty: 'OKP' } });
});
