import { SignedIn, SignInRequest } from '@marvel/shared/api/account';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type * as v from 'valibot';
import { checkPassword } from '../../http/check-password.ts';
import { endpoint } from '../../http/endpoint.ts';
import { newSession } from '../../http/new-session.ts';
import { guardSignIn } from '../../http/sign-in-guard.ts';
import type { Services } from '../../http/services.ts';
import { createSession as storeSession } from '../../store/session.ts';

/** A hash that changes while it is compared is read once more: another sign-in may have hashed the same password anew. */
const maxTries = 2;
const refused: Failure = { code: 'unauthenticated', message: 'Wrong e-mail or password' };

export const createSession = endpoint({
  method: 'POST',
  path: '/v1/sessions',
  access: 'public',
  tag: 'Account',
  summary: 'Sign in',
  description: 'An unknown e-mail address and a wrong password give the same answer in the same time.',
  body: SignInRequest,
  reply: { status: 200, description: 'A new session.', body: SignedIn },
  failures: ['unauthenticated'],
  async handle({ body, headers }, services) {
    const guarded = await guardSignIn(body.email, headers, services);
    if (!guarded.ok) return guarded;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const signedIn = await signIn(body, services);
      if (!signedIn.ok && signedIn.error.code === 'unauthenticated') break;
      if (signedIn.ok || signedIn.error.code !== 'not_found') return signedIn;
    }
    await guarded.value.failed();
    return err(refused);
  },
});

/** Errors: `unauthenticated`; `not_found` when the stored hash changed on the way; `unavailable`. */
async function signIn(
  credentials: v.InferOutput<typeof SignInRequest>,
  services: Services,
): Promise<Result<v.InferOutput<typeof SignedIn>, Failure>> {
  const account = await checkPassword(credentials, services);
  if (!account.ok) return account;
  const { id: accountId, passwordHash } = account.value;
  const { token, session } = await newSession(services);
  const made = await storeSession(services.db, { ...session, accountId, passwordHash });
  return made.ok ? ok({ account_id: accountId, token }) : made;
}
