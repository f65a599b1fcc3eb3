import { Plan, UpdatePlanRequest } from '@marvel/shared/api/plan';
import { err, ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { maxActivePlans, updatePlan as updateStoredPlan } from '../../store/plan.ts';
import { given } from '../given.ts';
import { IdParams } from '../id-params.ts';
import { tooMany } from '../too-many.ts';
import { showPlan } from './show-plan.ts';

export const updatePlan = endpoint({
  method: 'PATCH',
  path: '/v1/plans/{id}',
  access: 'session',
  tag: 'Plans',
  summary: 'Rename a plan of the account’s own, or take it off offer',
  description: 'An inactive plan takes no new subscriptions; those that there are go on.',
  params: IdParams,
  body: UpdatePlanRequest,
  reply: { status: 200, description: 'The plan as it is now.', body: Plan },
  failures: ['conflict'],
  async handle({ params, body, identity }, { db }) {
    const updated = await updateStoredPlan(db, identity.accountId, params.id, given(body));
    if (updated.ok) return ok(showPlan(updated.value));
    return err(updated.error.code === 'too_many' ? tooMany(maxActivePlans, 'plans on offer') : updated.error);
  },
});
