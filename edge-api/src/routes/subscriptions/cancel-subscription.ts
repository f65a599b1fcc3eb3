import { CancelSubscriptionRequest, Subscription } from '@marvel/shared/api/subscription';
import { endpoint } from '../../http/endpoint.ts';
import { IdParams } from '../id-params.ts';
import { stepSubscription } from './step-subscription.ts';

export const cancelSubscription = endpoint({
  method: 'POST',
  path: '/v1/subscriptions/{id}/cancel',
  access: 'session',
  tag: 'Subscriptions',
  summary: 'Cancel a subscription, at once or when its period ends',
  description:
    'The account is billed no more; what it paid for stays until the period ends. A customer’s sub-user is kept out from then on.',
  params: IdParams,
  body: CancelSubscriptionRequest,
  reply: { status: 200, description: 'The subscription as it is now.', body: Subscription },
  failures: ['conflict'],
  async handle({ params, body, identity }, services) {
    const asked = body.at_period_end ? 'cancel_at_period_end' : 'cancel';
    return stepSubscription(identity.accountId, params.id, asked, services);
  },
});
