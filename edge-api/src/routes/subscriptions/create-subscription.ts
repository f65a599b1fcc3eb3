import { CreateSubscriptionRequest, Subscription } from '@marvel/shared/api/subscription';
import { endpoint } from '../../http/endpoint.ts';
import { beginSubscription } from './begin-subscription.ts';

export const createSubscription = endpoint({
  method: 'POST',
  path: '/v1/subscriptions',
  access: 'session',
  tag: 'Subscriptions',
  summary: 'Go on a plan, or put a customer on one',
  description:
    'On a plan of Marvel’s it is past_due until its first payment is made at checkout_url, and every paid period is credited once. On a plan of the account’s own the customer’s sub-user gets the bytes and threads of the plan, at once and every period.',
  body: CreateSubscriptionRequest,
  reply: { status: 201, description: 'The subscription.', body: Subscription },
  failures: ['conflict'],
  idempotent: true,
  async handle({ body, identity: { accountId }, once }, services) {
    const asked = { accountId, planId: body.plan_id, customerId: body.customer_id };
    return beginSubscription(asked, once, services, (subscription) => subscription);
  },
});
