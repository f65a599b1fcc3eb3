import { PageQuery } from '@marvel/shared/api/page';
import { CustomerList } from '@marvel/shared/api/customer';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listCustomers as listStoredCustomers } from '../../store/customer.ts';
import { pageOf } from '../page.ts';
import { pageWanted } from '../page-wanted.ts';
import { showCustomer } from './show-customer.ts';

export const listCustomers = endpoint({
  method: 'GET',
  path: '/v1/customers',
  access: 'session',
  tag: 'Customers',
  summary: 'List the customers',
  query: PageQuery,
  reply: { status: 200, description: 'Newest first.', body: CustomerList },
  failures: [],
  async handle({ query, identity }, { db }) {
    const page = pageWanted(query);
    const listed = await listStoredCustomers(db, identity.accountId, page);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, page.limit, ({ id }) => id);
    return ok({ data: rows.map(showCustomer), next_cursor: nextCursor });
  },
});
