import { OperatorAccountList, OperatorAccountQuery } from '@marvel/shared/api/operator';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listAccounts as listStoredAccounts } from '../../store/operator-account.ts';
import { pageOf } from '../page.ts';
import { pageWanted } from '../page-wanted.ts';
import { showAccount } from './show-account.ts';

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
    const page = pageWanted(query);
    const listed = await listStoredAccounts(db, { email: query.email, status: query.status }, page);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, page.limit, ({ id }) => id);
    return ok({ data: rows.map(showAccount), next_cursor: nextCursor });
  },
});
