import { OperatorAccount, SetAccountStatusRequest } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { setAccountStatus } from '../../store/operator-account.ts';
import { IdParams } from '../id-params.ts';
import { showAccount } from './show-account.ts';

export const suspendAccount = endpoint({
  method: 'POST',
  path: '/v1/operator/accounts/{id}/suspend',
  access: 'operator',
  tag: 'Operator',
  summary: 'Suspend an account',
  description:
    'Its credentials are refused by every gateway with the next feed page, and its open tunnels are cut. It can still sign in and out, read, and revoke credentials.',
  params: IdParams,
  body: SetAccountStatusRequest,
  reply: { status: 200, description: 'The account as it is now.', body: OperatorAccount },
  failures: [],
  duringMaintenance: true,
  async handle({ params: { id }, body: { reason } }, { db, requestId }) {
    const audit = { action: 'account.suspend', target: id, detail: { reason }, requestId };
    const set = await setAccountStatus(db, id, 'suspended', audit);
    return set.ok ? ok(showAccount(set.value)) : set;
  },
});
