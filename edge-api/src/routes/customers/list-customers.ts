import { PageQuery } from '@marvel/shared/api/page';
import { CustomerList } from '@marvel/shared/api/customer';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listCustomers as listStoredCustomers } from '../../store/customer.ts';
import { listByAge } from '../paged-list.ts';
import { showCustomer } from './show-customer.ts';

const customers = listByAge('customers');

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
    const page = customers.wanted(query);
    if (!page.ok) return page;
    const listed = await listStoredCustomers(db, identity.accountId, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = customers.pageOf(listed.value, page.value.limit);
    return ok({ data: rows.map(showCustomer), next_cursor: nextCursor });
  },
});
