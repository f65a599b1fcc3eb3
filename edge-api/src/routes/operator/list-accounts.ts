import { OperatorAccountList, OperatorAccountQuery } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listAccounts as listStoredAccounts } from '../../store/operator-account.ts';
import { listByAge } from '../paged-list.ts';
import { showAccount } from './show-account.ts';

const accounts = listByAge('operator/accounts');

export const listAccounts = endpoint({
  method: 'GET',
  path: '/v1/operator/accounts',
  access: 'operator',
  tag: 'Operator',
  summary: 'Find accounts: all, by e-mail address, or by status',
  query: OperatorAccountQuery,
  reply: { status: 200, description: 'Newest first.', body: OperatorAccountList },
  failures: [],
  duringMaintenance: true,
  async handle({ query }, { db }) {
    const page = accounts.wanted(query);
    if (!page.ok) return page;
    const listed = await listStoredAccounts(db, { email: query.email, status: query.status }, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = accounts.pageOf(listed.value, page.value.limit);
    return ok({ data: rows.map(showAccount), next_cursor: nextCursor });
  },
});
