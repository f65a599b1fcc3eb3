import { Subscription } from '@marvel/shared/api/subscription';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { findSubscription } from '../../store/subscription.ts';
import { IdParams } from '../id-params.ts';
import { showSubscription } from './show-subscription.ts';

export const getSubscription = endpoint({
  method: 'GET',
  path: '/v1/subscriptions/{id}',
  access: 'session',
  tag: 'Subscriptions',
  summary: 'One subscription',
  params: IdParams,
  reply: { status: 200, description: 'The subscription.', body: Subscription },
  failures: [],
  async handle({ params, identity }, { db }) {
    const found = await findSubscription(db, identity.accountId, params.id);
    return found.ok ? ok(showSubscription(found.value)) : found;
  },
});
