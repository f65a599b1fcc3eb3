import { Customer } from '@marvel/shared/api/customer';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { findCustomer } from '../../store/customer.ts';
import { IdParams } from '../id-params.ts';
import { showCustomer } from './show-customer.ts';

export const getCustomer = endpoint({
  method: 'GET',
  path: '/v1/customers/{id}',
  access: 'session',
  tag: 'Customers',
  summary: 'One customer',
  params: IdParams,
  reply: { status: 200, description: 'The customer.', body: Customer },
  failures: [],
  async handle({ params, identity }, { db }) {
    const found = await findCustomer(db, identity.accountId, params.id);
    return found.ok ? ok(showCustomer(found.value)) : found;
  },
});
