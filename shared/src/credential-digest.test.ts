import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  credentialDigest,
  proxyKeyDigestInput,
  subUserDigestInput,
  toBase64Url,
  tokenDigestInput,
} from './credential-digest.ts';

const pepper = 'a pepper of the fleet';

test.each([
  // RFC 4231, test cases 1 and 2.
  ['\x0b'.repeat(20), 'Hi There', 'sDRMYdjbOFNcqK_OrwvxK4gdwgDJgz2nJuk3bC4yz_c'],
  ['Jefe', 'what do ya want for nothing?', 'W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM'],
  // From another implementation, over what is stored for each kind of credential.
  [
    pepper,
    proxyKeyDigestInput('mk_live_0000000000000000000000000000000000abcdef'),
    '8l6EdXLI9YSXXX7qcbBWmFI1RjJSnXGEjM-jmleENXg',
  ],
  [pepper, subUserDigestInput('alice', 'pa\nss'), 'jFbTEkHUDyW_QGLgYBnDo-44mseOmwnYbXk7Vlzxf4o'],
  [pepper, tokenDigestInput('gw_x'), 'krnz7C823HGh1RvKZOeSNfoh1c9zL2rjjokVK-q3R3o'],
])('HMAC-SHA-256 under %j of %j', async (key, input, digest) => {
  expect(await credentialDigest(key, input)).toBe(digest);
});

test('the digest of one kind of credential is never that of another, and equal passwords of two sub-users differ', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.stringMatching(/^[A-Za-z0-9_]{1,64}$/),
      fc.stringMatching(/^[A-Za-z0-9_]{1,64}$/),
      (secret, one, other) => {
        const inputs = [
          proxyKeyDigestInput(secret),
          tokenDigestInput(secret),
          subUserDigestInput(one, secret),
          ...(one === other ? [] : [subUserDigestInput(other, secret)]),
        ];
        expect(new Set(inputs).size).toBe(inputs.length);
      },
    ),
  );
});

test('base64url has neither padding nor the two letters that URLs escape', () => {
  expect(toBase64Url(new Uint8Array([0xfb, 0xff, 0xfe]))).toBe('-__-');
  expect(toBase64Url(new Uint8Array([0]))).toBe('AA');
  expect(toBase64Url(new Uint8Array())).toBe('');
});
