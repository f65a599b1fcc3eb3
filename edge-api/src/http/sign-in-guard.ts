import { credentialDigest } from '@marvel/shared/credential-digest';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { guesser, noteGuess } from './guess-guard.ts';
import { type Counting, rateLimited, take } from './rate-limit.ts';

const windowMs = 60_000;

/** A sign-in that may be tried. */
export interface SignInTry {
  /** Says that it was wrong: repeated failures ban the address. */
  failed(): Promise<void>;
}

/**
 * Lets a sign-in be tried, so often from one address and so often for one e-mail address, whether or not it has an account.
 *
 * Errors: `rate_limited`; `unavailable` while nobody counts, since then one could guess without end.
 */
export async function guardSignIn(
  email: string,
  headers: Headers,
  services: Counting,
): Promise<Result<SignInTry, Failure>> {
  const { env } = services;
  const address = guesser('sign-in', headers);
  const rule = { max: env.RATE_LIMIT_SIGN_IN, windowMs };
  const digest = await credentialDigest(env.CREDENTIAL_PEPPER, `sign-in\n${email}`);
  for (const name of [address, `sign-in-email/${digest}`]) {
    const taken = await take(name, rule, services);
    if (!taken.ok) return taken;
    if (!taken.value.isAllowed) return err(rateLimited(taken.value, services));
  }
  return ok({ failed: async () => noteGuess(address, services) });
}
