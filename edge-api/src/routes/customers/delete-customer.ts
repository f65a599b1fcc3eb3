import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { deleteCustomer as deleteStoredCustomer } from '../../store/customer.ts';
import { IdParams } from '../id-params.ts';
import { customerFailure } from './show-customer.ts';

export const deleteCustomer = endpoint({
  method: 'DELETE',
  path: '/v1/customers/{id}',
  access: 'session',
  tag: 'Customers',
  summary: 'Delete a customer',
  description: 'Not while a subscription of it goes on. Its sub-user stays.',
  params: IdParams,
  reply: { status: 204, description: 'Deleted.' },
  failures: ['conflict'],
  async handle({ params, identity }, { db }) {
    const deleted = await deleteStoredCustomer(db, identity.accountId, params.id);
    return deleted.ok ? ok(undefined) : err(customerFailure(deleted.error));
  },
});
