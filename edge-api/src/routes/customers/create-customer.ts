import { CreateCustomerRequest, Customer } from '@marvel/shared/api/customer';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { createCustomer as storeCustomer, maxCustomers } from '../../store/customer.ts';
import { newId } from '../../store/new-id.ts';
import { tooMany } from '../too-many.ts';
import { findGivenSubUser } from './given-sub-user.ts';
import { customerFailure, showCustomer } from './show-customer.ts';

export const createCustomer = endpoint({
  method: 'POST',
  path: '/v1/customers',
  access: 'session',
  tag: 'Customers',
  summary: 'Write down a customer',
  description: 'A customer that is put on a plan needs a sub-user, whose limits follow the plan.',
  body: CreateCustomerRequest,
  reply: { status: 201, description: 'The customer.', body: Customer },
  failures: ['conflict'],
  idempotent: true,
  async handle({ body, identity: { accountId }, once }, { db, nowMs }) {
    const { sub_user_id: subUserId, ...details } = body;
    const known = await findGivenSubUser(db, accountId, subUserId);
    if (!known.ok) return known;
    const customer = { id: newId('cst'), accountId, ...details, subUserId, createdAt: new Date(nowMs) };
    const answer = showCustomer(customer);
    const made = await storeCustomer(db, customer, await once?.seal(answer));
    if (made.ok) return ok(answer);
    return err(made.error.code === 'too_many' ? tooMany(maxCustomers, 'customers') : customerFailure(made.error));
  },
});
