import type { Customer as ShownCustomer } from '@marvel/shared/api/customer';
import type { Failure } from '@marvel/shared/failures';
import type { Customer, CustomerConflict } from '../../store/customer.ts';

/** A stored customer as the API shows it. */
export function showCustomer(customer: Customer): ShownCustomer {
  return {
    id: customer.id,
    name: customer.name,
    email: customer.email,
    reference: customer.reference,
    sub_user_id: customer.subUserId,
    created_at: customer.createdAt.toISOString(),
  };
}

const messages: Readonly<Record<CustomerConflict['because'], string>> = {
  reference_taken: 'reference: is another customer’s',
  sub_user_taken: 'sub_user_id: is another customer’s',
  has_subscription: 'The customer has a subscription that goes on',
};

/** What stands against a customer, as the API says it. */
export function customerFailure(failure: Failure | CustomerConflict): Failure {
  return 'because' in failure ? { code: failure.code, message: messages[failure.because] } : failure;
}
