import type { CreatePlanRequest, Plan as ShownPlan } from '@marvel/shared/api/plan';
import { newId } from '../../store/new-id.ts';
import type { Plan } from '../../store/plan.ts';

/** A stored plan as the API shows it. */
export function showPlan(plan: Plan): ShownPlan {
  return {
    id: plan.id,
    owner: plan.accountId === null ? 'marvel' : 'account',
    name: plan.name,
    bytes: plan.bytes,
    price_cents: plan.priceCents,
    currency: plan.currency,
    interval: plan.interval,
    interval_count: plan.intervalCount,
    periods: plan.periods,
    threads: plan.threads,
    active: plan.active,
    created_at: plan.createdAt.toISOString(),
  };
}

/** A plan to store: an account's, or Marvel's. */
export function newPlan(accountId: string | null, asked: CreatePlanRequest, nowMs: number): Plan {
  const { price_cents: priceCents, interval_count: intervalCount, ...terms } = asked;
  return { id: newId('pln'), accountId, ...terms, priceCents, intervalCount, active: true, createdAt: new Date(nowMs) };
}
