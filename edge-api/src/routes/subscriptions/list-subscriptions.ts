import { SubscriptionList, SubscriptionQuery } from '@marvel/shared/api/subscription';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listSubscriptions as listStoredSubscriptions } from '../../store/subscription.ts';
import { pageOf } from '../page.ts';
import { pageWanted } from '../page-wanted.ts';
import { showSubscription } from './show-subscription.ts';

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
    const page = pageWanted(query);
    const filter = { status: query.status, planId: query.plan_id, customerId: query.customer_id };
    const listed = await listStoredSubscriptions(db, identity.accountId, filter, page);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, page.limit, ({ id }) => id);
    return ok({ data: rows.map(showSubscription), next_cursor: nextCursor });
  },
});
