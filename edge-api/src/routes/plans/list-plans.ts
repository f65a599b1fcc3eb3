import { PlanList, PlanQuery } from '@marvel/shared/api/plan';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listPlans as listStoredPlans } from '../../store/plan.ts';
import { listByAge } from '../paged-list.ts';
import { showPlan } from './show-plan.ts';

const plans = listByAge('plans');

export const listPlans = endpoint({
  method: 'GET',
  path: '/v1/plans',
  access: 'session',
  tag: 'Plans',
  summary: 'List the plans',
  description: 'Those of Marvel that are on offer, and all of the account’s own.',
  query: PlanQuery,
  reply: { status: 200, description: 'Newest first.', body: PlanList },
  failures: [],
  async handle({ query, identity }, { db }) {
    const page = plans.wanted(query);
    if (!page.ok) return page;
    const listed = await listStoredPlans(db, identity.accountId, query.owner, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = plans.pageOf(listed.value, page.value.limit);
    return ok({ data: rows.map(showPlan), next_cursor: nextCursor });
  },
});
