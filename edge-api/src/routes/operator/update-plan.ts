import { Plan, UpdatePlanRequest } from '@marvel/shared/api/plan';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { updateMarvelPlan } from '../../store/plan.ts';
import { given } from '../given.ts';
import { IdParams } from '../id-params.ts';
import { showPlan } from '../plans/show-plan.ts';

export const updateOperatorPlan = endpoint({
  method: 'PATCH',
  path: '/v1/operator/plans/{id}',
  access: 'operator',
  tag: 'Operator',
  summary: 'Rename a plan for accounts, or take it off offer',
  description: 'Subscriptions that there are go on.',
  params: IdParams,
  body: UpdatePlanRequest,
  reply: { status: 200, description: 'The plan as it is now.', body: Plan },
  failures: [],
  duringMaintenance: true,
  async handle({ params: { id }, body }, { db, requestId }) {
    const changes = given(body);
    const updated = await updateMarvelPlan(db, id, changes, {
      action: 'plan.update',
      target: id,
      detail: changes,
      requestId,
    });
    return updated.ok ? ok(showPlan(updated.value)) : updated;
  },
});
