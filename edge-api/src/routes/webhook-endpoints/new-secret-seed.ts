import { toBase64Url } from '@marvel/shared/credential-digest';

const seedBytes = 16;

/** What the next secret of an endpoint is made of. */
export function newSecretSeed(randomBytes: (count: number) => Uint8Array): string {
  return toBase64Url(randomBytes(seedBytes));
}
