import { CreateOperatorPlanRequest, Plan } from '@marvel/shared/api/plan';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { createMarvelPlan } from '../../store/plan.ts';
import { newPlan, showPlan } from '../plans/show-plan.ts';

export const createOperatorPlan = endpoint({
  method: 'POST',
  path: '/v1/operator/plans',
  access: 'operator',
  tag: 'Operator',
  summary: 'Offer a plan to accounts',
  body: CreateOperatorPlanRequest,
  reply: { status: 201, description: 'The plan. Its terms stay as they are.', body: Plan },
  failures: [],
  idempotent: true,
  duringMaintenance: true,
  async handle({ body, once }, { db, nowMs, requestId }) {
    const plan = newPlan(null, body, nowMs);
    const answer = showPlan(plan);
    const audit = { action: 'plan.create', target: plan.id, detail: body, requestId };
    const made = await createMarvelPlan(db, plan, audit, await once?.seal(answer));
    return made.ok ? ok(answer) : made;
  },
});
