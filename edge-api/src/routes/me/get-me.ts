import { Me } from '@marvel/shared/api/account';
import type { Failure } from '@marvel/shared/failures';
import { ok, type Result } from '@marvel/shared/result';
import type * as v from 'valibot';
import { endpoint } from '../../http/endpoint.ts';
import type { SessionIdentity } from '../../http/identity.ts';
import type { Services } from '../../http/services.ts';
import { findAccount } from '../../store/account.ts';
import { readLowBalances } from '../../store/low-balances.ts';

export const getMe = endpoint({
  method: 'GET',
  path: '/v1/me',
  access: 'session',
  tag: 'Account',
  summary: 'Who is signed in',
  reply: { status: 200, description: 'The account.', body: Me },
  failures: [],
  async handle({ identity }, services) {
    return readMe(identity, services);
  },
});

/** The account that is signed in. Errors: `not_found`, `unavailable`. */
export async function readMe(
  { accountId }: SessionIdentity,
  { db }: Pick<Services, 'db'>,
): Promise<Result<v.InferOutput<typeof Me>, Failure>> {
  const [found, low] = await Promise.all([findAccount(db, accountId), readLowBalances(db, accountId)]);
  if (!found.ok) return found;
  if (!low.ok) return low;
  const { id, email, createdAt } = found.value;
  return ok({ account_id: id, email, created_at: createdAt.toISOString(), low_balance_bytes: [...low.value] });
}
