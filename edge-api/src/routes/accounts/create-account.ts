import { CreateAccountRequest, SignedIn } from '@marvel/shared/api/account';
import { err, ok } from '@marvel/shared/result';
import { hashPassword } from '../../domain/password-hash.ts';
import { endpoint } from '../../http/endpoint.ts';
import { newSession } from '../../http/new-session.ts';
import { createAccount as storeAccount } from '../../store/account.ts';
import { newId } from '../../store/new-id.ts';
import { loadArgon2id } from '../../vendor/argon2id.ts';

export const createAccount = endpoint({
  method: 'POST',
  path: '/v1/accounts',
  access: 'public',
  tag: 'Account',
  summary: 'Sign up',
  body: CreateAccountRequest,
  reply: { status: 201, description: 'The account, and a session of it.', body: SignedIn },
  failures: ['conflict'],
  idempotent: true,
  onceFor: ({ email }) => email,
  async handle({ body, once }, services) {
    const { email, password } = body;
    const passwordHash = hashPassword(password, await loadArgon2id(), services.randomBytes);
    const { token, session } = await newSession(services);
    const answer = { account_id: newId('acc'), token };
    const account = { id: answer.account_id, email, passwordHash, session };
    const made = await storeAccount(services.db, account, await once?.seal(answer));
    if (made.ok) return ok(answer);
    if (made.error.code !== 'conflict') return made;
    return err({ code: 'conflict', message: 'email: an account with it exists' });
  },
});
