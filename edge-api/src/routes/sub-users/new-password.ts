import { randomBase62 } from '@marvel/shared/key-format';
import { credentialDigest, subUserDigestInput } from '@marvel/shared/credential-digest';
import type { Services } from '../../http/services.ts';

const passwordCharacters = 24;

/** The password of a sub-user, made when none is given, and what is stored of it. */
export async function newPassword(
  username: string,
  given: string | undefined,
  { env, randomBytes }: Services,
): Promise<{ readonly password: string; readonly digest: string }> {
  const password = given ?? randomBase62(passwordCharacters, randomBytes);
  return { password, digest: await credentialDigest(env.CREDENTIAL_PEPPER, subUserDigestInput(username, password)) };
}
