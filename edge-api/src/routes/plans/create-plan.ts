import { CreatePlanRequest, Plan } from '@marvel/shared/api/plan';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { createPlan as storePlan, maxActivePlans } from '../../store/plan.ts';
import { tooMany } from '../too-many.ts';
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
  failures: ['conflict'],
  idempotent: true,
  async handle({ body, identity, once }, { db, nowMs }) {
    const { accountId } = identity;
    const plan = { ...newPlan(accountId, body, nowMs), accountId };
    const answer = showPlan(plan);
    const made = await storePlan(db, plan, await once?.seal(answer));
    if (made.ok) return ok(answer);
    return err(made.error.code === 'too_many' ? tooMany(maxActivePlans, 'plans on offer') : made.error);
  },
});
