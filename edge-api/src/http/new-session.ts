import { randomBase62 } from '@marvel/shared/key-format';
import { credentialDigest, tokenDigestInput } from '@marvel/shared/credential-digest';
import type { NewSession } from '../store/session.ts';
import type { Services } from './services.ts';

/** For how long a sign-in lasts. */
export const sessionTtlMs = 30 * 24 * 60 * 60 * 1000;

const tokenCharacters = 43;

/** Makes a session: the token, shown once, and what is stored of it. */
export async function newSession({
  env,
  nowMs,
  randomBytes,
}: Services): Promise<{ readonly token: string; readonly session: NewSession }> {
  const token = `sess_${randomBase62(tokenCharacters, randomBytes)}`;
  const tokenDigest = await credentialDigest(env.CREDENTIAL_PEPPER, tokenDigestInput(token));
  return { token, session: { tokenDigest, expiresAt: new Date(nowMs + sessionTtlMs) } };
}
