import { base64url, type CryptoKey, FlattenedSign, flattenedVerify, importJWK, type JWK } from 'jose';
import { err, ok, type Result } from './result.ts';

/** What a signed body is, so that one kind of message can never be taken for another. The JWS header `typ`. */
export type SignedKind = 'marvel-feed-page' | 'marvel-usage-reply' | 'marvel-usage-batch' | 'marvel-receipt';

/** Why a signature was not believed. */
export type SignatureFailure =
  | 'signature_missing'
  | 'signature_unknown_key'
  | 'signature_wrong_kind'
  | 'signature_invalid'
  | 'digest_mismatch';

/** Header that carries the detached JWS (RFC 7515 appendix F, unencoded payload of RFC 7797). */
export const signatureHeader = 'marvel-signature';

/** Header in which a gateway names the keys (`kid`) that it believes, with commas between. */
export const gatewayKeysHeader = 'marvel-feed-keys';
/** What a gateway calls itself in `User-Agent`, before a slash and its version. */
export const gatewayAgent = 'marvel-gateway';
/** What the version of a gateway looks like: a release, a tag or a commit. */
export const gatewayVersionPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** A private Ed25519 key that signs, with the `kid` under which others know its public half. */
export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

/** Public Ed25519 keys by `kid`; two may overlap while keys are rotated. */
export type VerificationKeys = ReadonlyMap<string, CryptoKey>;

/** Reads a private Ed25519 JWK with a `kid`. Errors: throws on anything else, since a wrong key is a deployment fault. */
export async function importSigningKey(jwk: JWK): Promise<SigningKey> {
  if (jwk.kid === undefined || jwk.d === undefined) throw new TypeError('a signing key needs kid and d');
  return { kid: jwk.kid, key: await importEd25519(jwk) };
}

/** Reads public Ed25519 JWKs, each with a `kid`. Errors: throws on a key without one. */
export async function importVerificationKeys(jwks: readonly JWK[]): Promise<VerificationKeys> {
  const keys = new Map<string, CryptoKey>();
  for (const jwk of jwks) {
    if (jwk.kid === undefined) throw new TypeError('a verification key needs kid');
    const { d: _private, key_ops: _uses, ...publicJwk } = jwk;
    keys.set(jwk.kid, await importEd25519(publicJwk));
  }
  return keys;
}

/** Signs a body as a detached JWS: `<protected header>..<signature>`. */
export async function signDetached(body: Uint8Array, kind: SignedKind, signer: SigningKey): Promise<string> {
  const jws = await new FlattenedSign(body)
    .setProtectedHeader({ alg: 'EdDSA', kid: signer.kid, typ: kind, b64: false, crit: ['b64'] })
    .sign(signer.key);
  return `${jws.protected}..${jws.signature}`;
}

/** Believes a body only if a known key signed it as this kind of message. */
export async function verifyDetached(
  body: Uint8Array,
  jws: string | null | undefined,
  kind: SignedKind,
  keys: VerificationKeys,
): Promise<Result<{ readonly kid: string }, SignatureFailure>> {
  const parts = (jws ?? '').split('.');
  const [protectedHeader, payload, signature] = parts;
  if (parts.length !== 3 || !protectedHeader || payload !== '' || !signature) return err('signature_missing');
  const header = readHeader(protectedHeader);
  const key = header?.kid === undefined ? undefined : keys.get(header.kid);
  if (header?.kid === undefined || key === undefined) return err('signature_unknown_key');
  if (header.typ !== kind) return err('signature_wrong_kind');
  try {
    await flattenedVerify({ protected: protectedHeader, payload: body, signature }, key, { algorithms: ['EdDSA'] });
    return ok({ kid: header.kid });
  } catch {
    return err('signature_invalid');
  }
}

/** The `Content-Digest` field of a body. Source: RFC 9530 section 2. */
export async function contentDigest(body: Uint8Array): Promise<string> {
  return `sha-256=:${toBase64(await sha256(body))}:`;
}

/** SHA-256 of a body, base64url. */
export async function bodyDigest(body: Uint8Array): Promise<string> {
  return base64url.encode(await sha256(body));
}

async function sha256(body: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(body)));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

async function importEd25519(jwk: JWK): Promise<CryptoKey> {
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519') throw new TypeError('the key is not Ed25519');
  const key = await importJWK(jwk, 'EdDSA');
  if (key instanceof Uint8Array) throw new TypeError('the key is not asymmetric');
  return key;
}

function readHeader(encoded: string): { readonly kid?: string; readonly typ?: string } | undefined {
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(base64url.decode(encoded)));
    if (typeof header !== 'object' || header === null) return undefined;
    const kid: unknown = Reflect.get(header, 'kid');
    const typ: unknown = Reflect.get(header, 'typ');
    return { ...(typeof kid === 'string' ? { kid } : {}), ...(typeof typ === 'string' ? { typ } : {}) };
  } catch {
    return undefined;
  }
}
