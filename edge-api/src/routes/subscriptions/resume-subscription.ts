import { Subscription } from '@marvel/shared/api/subscription';
import { endpoint } from '../../http/endpoint.ts';
import { IdParams } from '../id-params.ts';
import { stepSubscription } from './step-subscription.ts';

export const resumeSubscription = endpoint({
  method: 'POST',
  path: '/v1/subscriptions/{id}/resume',
  access: 'session',
  tag: 'Subscriptions',
  summary: 'Resume a paused subscription',
  description: 'A customer’s next period begins at once if the one before is over.',
  params: IdParams,
  reply: { status: 200, description: 'The subscription as it is now.', body: Subscription },
  failures: ['conflict'],
  async handle({ params, identity }, services) {
    return stepSubscription(identity.accountId, params.id, 'resume', services);
  },
});
