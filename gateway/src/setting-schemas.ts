import * as v from 'valibot';
import { parseAuthority } from './accept/authority.ts';

// The kinds of text that settings hold. The messages say what is expected, never what was given.

export const maxTimeoutMs = 86_400_000;

const expectedId = 'the id given at enrolment, gtw_…';
export const GatewayId = v.pipe(required(expectedId), v.regex(/^gtw_[0-9A-Za-z]{4,48}$/, expectedId));
export const GatewayToken = required('the token given at enrolment, gw_…');

/** Text that has to be there. An absent variable is read as an empty one, so that its message says what is expected. */
export function required(expected: string) {
  return v.optional(v.pipe(v.string(), v.trim(), v.minLength(1, expected)), '');
}

/** A whole number in a setting, with bounds and what counts when it is not set. */
export function integer(min: number, max: number, fallback: number) {
  const expected = `a whole number from ${min} to ${max}`;
  return v.optional(
    v.pipe(
      v.string(expected),
      v.trim(),
      v.regex(/^[0-9]{1,15}$/, expected),
      v.toNumber(),
      v.minValue(min, expected),
      v.maxValue(max, expected),
    ),
    String(fallback),
  );
}

const expectedAddress = 'host:port, e.g. 127.0.0.1:9000 or [::]:9000; port 0 for any';
export const Address = v.pipe(
  v.string(expectedAddress),
  v.trim(),
  // Port 0 is no port to connect to, so it is read apart.
  v.transform((text) =>
    text.endsWith(':0') ? { ...parseAuthority(text.replace(/0$/, '1')), port: 0 } : parseAuthority(text),
  ),
  v.object({ host: v.string(), port: v.number() }, expectedAddress),
);

/** An address, or `off` for a listener that is not wanted. */
export const OptionalAddress = v.union(
  [
    v.pipe(
      v.literal('off'),
      v.transform(() => undefined),
    ),
    Address,
  ],
  `${expectedAddress}; off for none`,
);
export const File = v.optional(v.pipe(v.string(), v.trim()));

function json(expected: string) {
  return v.optional(v.pipe(v.string(), v.parseJson(undefined, expected)), '');
}

const expectedPrivateKey = 'a private Ed25519 key as a JWK: {"kty":"OKP","crv":"Ed25519","x":…,"d":…}';
const expectedPublicKeys =
  'a JSON array of public Ed25519 JWKs, each with kid: [{"kty":"OKP","crv":"Ed25519","x":…,"kid":…}]';
const keyMembers = { kty: v.literal('OKP'), crv: v.literal('Ed25519'), x: v.string() };
/** A private Ed25519 key. */
export const PrivateJwk = v.looseObject({ ...keyMembers, d: v.string() }, expectedPrivateKey);
export const PrivateKey = v.pipe(json(expectedPrivateKey), PrivateJwk);
export const PublicKeys = v.pipe(
  json(expectedPublicKeys),
  v.array(v.looseObject({ ...keyMembers, kid: v.string() }, expectedPublicKeys), expectedPublicKeys),
  v.minLength(1, expectedPublicKeys),
);
