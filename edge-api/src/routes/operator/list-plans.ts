import { PageQuery } from '@marvel/shared/api/page';
import { PlanList } from '@marvel/shared/api/plan';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listMarvelPlans } from '../../store/plan.ts';
import { listByAge } from '../paged-list.ts';
import { showPlan } from '../plans/show-plan.ts';

const plans = listByAge('operator/plans');

export const listOperatorPlans = endpoint({
  method: 'GET',
  path: '/v1/operator/plans',
  access: 'operator',
  tag: 'Operator',
  summary: 'List the plans for accounts, inactive ones too',
  query: PageQuery,
  reply: { status: 200, description: 'Newest first.', body: PlanList },
  failures: [],
  duringMaintenance: true,
  async handle({ query }, { db }) {
    const page = plans.wanted(query);
    if (!page.ok) return page;
    const listed = await listMarvelPlans(db, page.value);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = plans.pageOf(listed.value, page.value.limit);
    return ok({ data: rows.map(showPlan), next_cursor: nextCursor });
  },
});
