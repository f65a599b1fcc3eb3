import { Plan } from '@marvel/shared/api/plan';
import { ok } from '@marvel/shared/result';
import { endpoint } from '../../http/endpoint.ts';
import { findPlan } from '../../store/plan.ts';
import { IdParams } from '../id-params.ts';
import { showPlan } from './show-plan.ts';

export const getPlan = endpoint({
  method: 'GET',
  path: '/v1/plans/{id}',
  access: 'session',
  tag: 'Plans',
  summary: 'One plan',
  params: IdParams,
  reply: { status: 200, description: 'The plan.', body: Plan },
  failures: [],
  async handle({ params, identity }, { db }) {
    const found = await findPlan(db, identity.accountId, params.id);
    return found.ok ? ok(showPlan(found.value)) : found;
  },
});
