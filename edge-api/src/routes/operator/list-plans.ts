import { PageQuery } from '@marvel/shared/api/page';
import { PlanList } from '@marvel/shared/api/plan';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { listMarvelPlans } from '../../store/plan.ts';
import { pageOf } from '../page.ts';
import { pageWanted } from '../page-wanted.ts';
import { showPlan } from '../plans/show-plan.ts';

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
    const page = pageWanted(query);
    const listed = await listMarvelPlans(db, page);
    if (!listed.ok) return listed;
    const { rows, nextCursor } = pageOf(listed.value, page.limit, ({ id }) => id);
    return ok({ data: rows.map(showPlan), next_cursor: nextCursor });
  },
});
