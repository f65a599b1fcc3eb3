import { type KeyMode, keyPrefix, makeProxyKey } from '@marvel/shared/key-format';
import { credentialDigest, proxyKeyDigestInput } from '@marvel/shared/credential-digest';
import type { Services } from '../../http/services.ts';

/** A key to show once, and what is stored of it. */
export interface NewSecret {
  readonly key: string;
  readonly prefix: string;
  readonly digest: string;
}

/** Makes the secret of a new or rotated key. */
export async function newSecret(mode: KeyMode, { env, randomBytes }: Services): Promise<NewSecret> {
  const key = makeProxyKey(mode, randomBytes);
  return {
    key,
    prefix: keyPrefix(key),
    digest: await credentialDigest(env.CREDENTIAL_PEPPER, proxyKeyDigestInput(key)),
  };
}
