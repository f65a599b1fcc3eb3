import { SignedIn, SignInRequest } from '@marvel/shared/api/account';
import { err, ok } from '@marvel/shared/result';
import { hashPassword, isOutdated, verifyPassword } from '../../domain/password-hash.ts';
import { endpoint } from '../../http/endpoint.ts';
import { newSession } from '../../http/new-session.ts';
import { findAccountByEmail, updatePasswordHash } from '../../store/account.ts';
import { createSession as storeSession } from '../../store/session.ts';
import { loadArgon2id } from '../../vendor/argon2id.ts';

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
  async handle({ body: { email, password } }, services) {
    const found = await findAccountByEmail(services.db, email);
    if (!found.ok) return found;
    const account = found.value;
    const argon2id = await loadArgon2id();
    // Also without an account: what is unknown must not answer sooner than what is wrong.
    const right = verifyPassword(password, account?.passwordHash, argon2id);
    if (!right || account === undefined) return err({ code: 'unauthenticated', message: 'Wrong e-mail or password' });

    if (isOutdated(account.passwordHash)) {
      const passwordHash = hashPassword(password, argon2id, services.randomBytes);
      const updated = await updatePasswordHash(services.db, account.id, passwordHash);
      if (!updated.ok && updated.error.code === 'unavailable') return err(updated.error);
    }
    const { token, session } = await newSession(services);
    const made = await storeSession(services.db, { ...session, accountId: account.id });
    return made.ok ? ok({ account_id: account.id, token }) : made;
  },
});
