import { SignedIn } from '@marvel/shared/api/account';
import { AdjustedBalance } from '@marvel/shared/api/operator';
import type { Result } from '@marvel/shared/result';
import type * as v from 'valibot';
import type { Api, ApiFailure } from './api.ts';

/** Signs in, or up when there is no such account yet. */
export async function enter(
  api: Api,
  email: string,
  password: string,
): Promise<Result<v.InferOutput<typeof SignedIn>, ApiFailure>> {
  const body = { email, password };
  const made = await api.call({ method: 'POST', path: '/v1/accounts', body, reply: SignedIn });
  if (made.ok || made.error.status !== 409) return made;
  return api.call({ method: 'POST', path: '/v1/sessions', body, reply: SignedIn });
}

/** Gives an account its first bytes: asked for at each start, entered in the ledger once in the life of the account. */
export async function creditFirstBytes(
  api: Api,
  operatorToken: string,
  accountId: string,
  { bytes, reason }: { readonly bytes: number; readonly reason: string },
): Promise<Result<unknown, ApiFailure>> {
  return api.call({
    method: 'POST',
    path: `/v1/operator/accounts/${accountId}/adjust`,
    token: operatorToken,
    idempotencyKey: 'first-bytes',
    body: { bytes, reason },
    reply: AdjustedBalance,
  });
}
