import { OperatorAccount } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { findOperatorAccount } from '../../store/operator-account.ts';
import { IdParams } from '../id-params.ts';
import { showAccount } from './show-account.ts';

export const getAccount = endpoint({
  method: 'GET',
  path: '/v1/operator/accounts/{id}',
  access: 'operator',
  tag: 'Operator',
  summary: 'Read an account',
  params: IdParams,
  reply: { status: 200, description: 'The account.', body: OperatorAccount },
  failures: [],
  duringMaintenance: true,
  async handle({ params: { id } }, { db }) {
    const found = await findOperatorAccount(db, id);
    return found.ok ? ok(showAccount(found.value)) : found;
  },
});
