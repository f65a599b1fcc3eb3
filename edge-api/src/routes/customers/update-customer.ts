import { Customer, UpdateCustomerRequest } from '@marvel/shared/api/customer';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { updateCustomer as updateStoredCustomer } from '../../store/customer.ts';
import { given } from '../given.ts';
import { IdParams } from '../id-params.ts';
import { findGivenSubUser } from './given-sub-user.ts';
import { customerFailure, showCustomer } from './show-customer.ts';

export const updateCustomer = endpoint({
  method: 'PATCH',
  path: '/v1/customers/{id}',
  access: 'session',
  tag: 'Customers',
  summary: 'Change a customer',
  description: 'The sub-user stays as long as a subscription of the customer goes on.',
  params: IdParams,
  body: UpdateCustomerRequest,
  reply: { status: 200, description: 'The customer as it is now.', body: Customer },
  failures: ['conflict'],
  async handle({ params, body, identity: { accountId } }, { db }) {
    const { sub_user_id: subUserId, ...details } = body;
    const known = await findGivenSubUser(db, accountId, subUserId);
    if (!known.ok) return known;
    const updated = await updateStoredCustomer(db, accountId, params.id, given({ ...details, subUserId }));
    return updated.ok ? ok(showCustomer(updated.value)) : err(customerFailure(updated.error));
  },
});
