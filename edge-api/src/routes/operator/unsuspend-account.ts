import { OperatorAccount, SetAccountStatusRequest } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { setAccountStatus } from '../../store/operator-account.ts';
import { IdParams } from '../id-params.ts';
import { showAccount } from './show-account.ts';

export const unsuspendAccount = endpoint({
  method: 'POST',
  path: '/v1/operator/accounts/{id}/unsuspend',
  access: 'operator',
  tag: 'Operator',
  summary: 'Let a suspended account go on',
  description: 'Its credentials work again with the next feed page.',
  params: IdParams,
  body: SetAccountStatusRequest,
  reply: { status: 200, description: 'The account as it is now.', body: OperatorAccount },
  failures: [],
  duringMaintenance: true,
  async handle({ params: { id }, body: { reason } }, { db, requestId }) {
    const audit = { action: 'account.unsuspend', target: id, detail: { reason }, requestId };
    const set = await setAccountStatus(db, id, 'active', audit);
    return set.ok ? ok(showAccount(set.value)) : set;
  },
});
