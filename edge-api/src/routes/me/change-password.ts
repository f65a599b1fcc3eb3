import { ChangePasswordRequest, Me } from '@marvel/shared/api/account';
import type { Failure } from '@marvel/shared/failures';
import { err, ok } from '@marvel/shared/result';
import { hashPassword, verifyPassword } from '../../domain/password-hash.ts';
import { endpoint } from '../../http/endpoint.ts';
import { findAccount } from '../../store/account.ts';
import { changePassword as storePassword } from '../../store/change-password.ts';
import { loadArgon2id } from '../../vendor/argon2id.ts';

const notCurrent: Failure = { code: 'invalid', message: 'current_password: is not the current password' };

export const changePassword = endpoint({
  method: 'PATCH',
  path: '/v1/me',
  access: 'session',
  tag: 'Account',
  summary: 'Change the password',
  description: 'Ends every other session of the account.',
  body: ChangePasswordRequest,
  reply: { status: 200, description: 'The account.', body: Me },
  failures: [],
  async handle({ body, identity }, { db, randomBytes }) {
    const found = await findAccount(db, identity.accountId);
    if (!found.ok) return found;
    const { id, email, createdAt, passwordHash } = found.value;
    const argon2id = await loadArgon2id();
    if (!verifyPassword(body.current_password, passwordHash, argon2id)) return err(notCurrent);
    const changed = await storePassword(db, {
      accountId: id,
      before: passwordHash,
      after: hashPassword(body.password, argon2id, randomBytes),
      keepTokenDigest: identity.tokenDigest,
    });
    if (!changed.ok) return changed.error.code === 'not_found' ? err(notCurrent) : changed;
    return ok({ account_id: id, email, created_at: createdAt.toISOString() });
  },
});
