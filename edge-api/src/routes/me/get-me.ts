import { Me } from '@marvel/shared/api/account';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { findAccount } from '../../store/account.ts';

export const getMe = endpoint({
  method: 'GET',
  path: '/v1/me',
  access: 'session',
  tag: 'Account',
  summary: 'Who is signed in',
  reply: { status: 200, description: 'The account.', body: Me },
  failures: [],
  async handle({ identity }, { db }) {
    const found = await findAccount(db, identity.accountId);
    if (!found.ok) return found;
    const { id, email, createdAt } = found.value;
    return ok({ account_id: id, email, created_at: createdAt.toISOString() });
  },
});
