import type { OperatorAccount } from '@marvel/shared/api/operator';
import type * as v from 'valibot';
import type { OperatorAccount as StoredAccount } from '../../store/operator-account.ts';

/** An account as an operator sees it. */
export function showAccount(account: StoredAccount): v.InferOutput<typeof OperatorAccount> {
  const { id, email, status, threads, plan, balanceBytes, keys, subUsers, createdAt } = account;
  return {
    account_id: id,
    email,
    status,
    threads,
    plan:
      plan === null
        ? null
        : {
            id: plan.id,
            name: plan.name,
            status: plan.status,
            current_period_end: plan.currentPeriodEnd?.toISOString() ?? null,
          },
    balance_bytes: balanceBytes,
    keys,
    sub_users: subUsers,
    created_at: createdAt.toISOString(),
  };
}
