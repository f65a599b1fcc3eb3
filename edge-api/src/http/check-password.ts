import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { hashPassword, isOutdated, verifyPassword } from '../domain/password-hash.ts';
import { type Account, findAccountByEmail, updatePasswordHash } from '../store/account.ts';
import { loadArgon2id } from '../vendor/argon2id.ts';
import type { Services } from './services.ts';

/**
 * Finds the account of an e-mail address and its password, equally slow whether or not there is one, and hashes the
 * password anew when the stored hash is weaker than new ones.
 *
 * Errors: `unauthenticated`; `not_found` when the stored hash changed on the way; `unavailable`.
 */
export async function checkPassword(
  { email, password }: { readonly email: string; readonly password: string },
  { db, randomBytes }: Services,
): Promise<Result<Account, Failure>> {
  const found = await findAccountByEmail(db, email);
  if (!found.ok) return found;
  const account = found.value;
  const argon2id = await loadArgon2id();
  // Also without an account: what is unknown must not answer sooner than what is wrong.
  const right = verifyPassword(password, account?.passwordHash, argon2id);
  if (!right || account === undefined) return err({ code: 'unauthenticated' });
  if (!isOutdated(account.passwordHash)) return ok(account);
  const after = hashPassword(password, argon2id, randomBytes);
  const updated = await updatePasswordHash(db, account.id, { before: account.passwordHash, after });
  return updated.ok ? ok({ ...account, passwordHash: after }) : updated;
}
