import {
  contentDigest,
  importSigningKey,
  type SignedKind,
  signatureHeader,
  signDetached,
  type SigningKey,
} from '@marvel/shared/signature';
import * as v from 'valibot';
import type { Env } from '../../env.ts';

const SigningJwk = v.looseObject({ kty: v.literal('OKP'), crv: v.literal('Ed25519'), kid: v.string(), d: v.string() });

const imported = new WeakMap<Env, Promise<SigningKey>>();

/** The key of the deployment, imported once per isolate. Errors: throws when the variable is no private Ed25519 JWK with `kid`. */
async function feedKey(env: Env): Promise<SigningKey> {
  let key = imported.get(env);
  if (key === undefined) {
    key = importSigningKey(v.parse(SigningJwk, JSON.parse(env.FEED_SIGNING_KEY)));
    imported.set(env, key);
  }
  return key;
}

/** The names (`kid`) of the key that signs and of the one that is to. Errors: throws like `feedKey`. */
export function feedKeyNames({ FEED_SIGNING_KEY: current, FEED_NEXT_KEY: next }: Env): {
  readonly current: string;
  readonly next: string | null;
} {
  return { current: kidOf(current), next: next === undefined ? null : kidOf(next) };
}

function kidOf(jwk: string): string {
  return v.parse(SigningJwk, JSON.parse(jwk)).kid;
}

/** Signs a body with the feed key, and says so in the headers of its reply. */
export async function signReply(body: Uint8Array, kind: SignedKind, env: Env, headers: Headers): Promise<void> {
  const [signature, digest] = await Promise.all([signDetached(body, kind, await feedKey(env)), contentDigest(body)]);
  headers.set(signatureHeader, signature);
  headers.set('Content-Digest', digest);
}
