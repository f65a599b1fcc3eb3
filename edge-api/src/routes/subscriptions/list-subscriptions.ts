import { SubscriptionList, SubscriptionQuery } from '@marvel/shared/api/subscription';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listSubscriptions as listStoredSubscriptions } from '../../store/subscription.ts';
import { listByAge } from '../paged-list.ts';
import { showSubscription } from './show-subscription.ts';

const subscriptions = listByAge('subscriptions');

export const listSubscriptions = endpoint({
  method: 'GET',
  path: '/v1/subscriptions',
  access: 'session',
  tag: 'Subscriptions',
  summary: 'List the subscriptions',
  description: 'Those of the account itself and those of its customers.',
  query: SubscriptionQuery,
  reply: { status: 200, description: 'Newest first.', body: SubscriptionList },
  failures: [],
  async handle({ query, identity }, { db }) {
    const page = subscriptions.wanted(query);
    if (!page.ok) return page;
    const filter = { status: query.status, planId: query.plan_id, customerId: query.customer_id };
    const listed = await listStoredSubscriptions(db, identity.accountId, filter, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = subscriptions.pageOf(listed.value, page.value.limit);
    return ok({ data: rows.map(showSubscription), next_cursor: nextCursor });
  },
});
