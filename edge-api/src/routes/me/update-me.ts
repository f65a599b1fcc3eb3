import { Me, UpdateMeRequest } from '@marvel/shared/api/account';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { hashPassword, verifyPassword } from '../../domain/password-hash.ts';
import { endpoint } from '../../http/endpoint.ts';
import type { SessionIdentity } from '../../http/identity.ts';
import type { Services } from '../../http/services.ts';
import { guardSignIn } from '../../http/sign-in-guard.ts';
import { findAccount } from '../../store/account.ts';
import { changePassword as storePassword } from '../../store/change-password.ts';
import { setLowBalances } from '../../store/low-balances.ts';
import { loadArgon2id } from '../../vendor/argon2id.ts';
import { readMe } from './get-me.ts';

const notCurrent: Failure = { code: 'invalid', message: 'current_password: is not the current password' };

export const updateMe = endpoint({
  method: 'PATCH',
  path: '/v1/me',
  access: 'session',
  tag: 'Account',
  summary: 'Change the password, or the balances to be told of',
  description: 'A new password ends every other session of the account.',
  body: UpdateMeRequest,
  reply: { status: 200, description: 'The account as it is now.', body: Me },
  failures: [],
  async handle({ body: { password, current_password: current, low_balance_bytes: low }, identity, headers }, services) {
    if (password !== undefined) {
      const changed = await changePassword({ password, current: current ?? '' }, identity, headers, services);
      if (!changed.ok) return changed;
    }
    if (low !== undefined) {
      const set = await setLowBalances(services.db, identity.accountId, low);
      if (!set.ok) return set;
    }
    return readMe(identity, services);
  },
});

async function changePassword(
  given: { readonly password: string; readonly current: string },
  { accountId, tokenDigest }: SessionIdentity,
  headers: Headers,
  services: Services,
): Promise<Result<void, Failure>> {
  const { db, randomBytes } = services;
  const found = await findAccount(db, accountId);
  if (!found.ok) return found;
  const { email, passwordHash } = found.value;
  // Whoever has a session that is not theirs guesses no faster than at the door.
  const guarded = await guardSignIn(email.toLowerCase(), headers, services);
  if (!guarded.ok) return guarded;
  const argon2id = await loadArgon2id();
  if (!verifyPassword(given.current, passwordHash, argon2id)) {
    await guarded.value.failed();
    return err(notCurrent);
  }
  const changed = await storePassword(db, {
    accountId,
    before: passwordHash,
    after: hashPassword(given.password, argon2id, randomBytes),
    keepTokenDigest: tokenDigest,
  });
  if (changed.ok) return ok(undefined);
  return changed.error.code === 'not_found' ? err(notCurrent) : changed;
}
