import { CreatePlanRequest, Plan } from '@marvel/shared/api/plan';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { createPlan as storePlan } from '../../store/plan.ts';
import { newPlan, showPlan } from './show-plan.ts';

export const createPlan = endpoint({
  method: 'POST',
  path: '/v1/plans',
  access: 'session',
  tag: 'Plans',
  summary: 'Make a plan for customers',
  description: 'Its price is what the account asks of its customers; Marvel collects nothing of it.',
  body: CreatePlanRequest,
  reply: { status: 201, description: 'The plan. Its terms stay as they are.', body: Plan },
  failures: [],
  idempotent: true,
  async handle({ body, identity, once }, { db, nowMs }) {
    const plan = newPlan(identity.accountId, body, nowMs);
    const answer = showPlan(plan);
    const made = await storePlan(db, plan, await once?.seal(answer));
    return made.ok ? ok(answer) : made;
  },
});
