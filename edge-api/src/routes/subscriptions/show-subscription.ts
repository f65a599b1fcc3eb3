import type { Subscription as ShownSubscription } from '@marvel/shared/api/subscription';
import type { Subscription } from '../../store/subscription.ts';

/** A stored subscription as the API shows it. */
export function showSubscription(subscription: Subscription): ShownSubscription {
  return {
    id: subscription.id,
    status: subscription.status,
    plan_id: subscription.planId,
    customer_id: subscription.customerId,
    name: subscription.name,
    bytes: subscription.bytes,
    price_cents: subscription.priceCents,
    currency: subscription.currency,
    interval: subscription.interval,
    interval_count: subscription.intervalCount,
    periods: subscription.periods,
    threads: subscription.threads,
    periods_begun: subscription.periodsBegun,
    current_period_start: subscription.currentPeriodStart?.toISOString() ?? null,
    current_period_end: subscription.currentPeriodEnd?.toISOString() ?? null,
    cancel_at_period_end: subscription.cancelAtPeriodEnd,
    checkout_url: subscription.checkoutUrl,
    created_at: subscription.createdAt.toISOString(),
    ended_at: subscription.endedAt?.toISOString() ?? null,
  };
}
