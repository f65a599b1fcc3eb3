import { Subscription } from '@marvel/shared/api/subscription';
import { endpoint } from '../../http/endpoint.ts';
import { IdParams } from '../id-params.ts';
import { stepSubscription } from './step-subscription.ts';

export const pauseSubscription = endpoint({
  method: 'POST',
  path: '/v1/subscriptions/{id}/pause',
  access: 'session',
  tag: 'Subscriptions',
  summary: 'Pause a subscription',
  description: 'The account is not billed, or the customer’s sub-user is kept out, until it is resumed.',
  params: IdParams,
  reply: { status: 200, description: 'The subscription as it is now.', body: Subscription },
  failures: ['conflict'],
  async handle({ params, identity }, services) {
    return stepSubscription(identity.accountId, params.id, 'pause', services);
  },
});
