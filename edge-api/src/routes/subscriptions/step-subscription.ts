import type { Subscription as ShownSubscription } from '@marvel/shared/api/subscription';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { isAllowedStep, subscriptionTransitions } from '@marvel/shared/subscription-transition';
import type { Services } from '../../http/services.ts';
import { changeSubscription, endWithPeriod, findSubscription, type Subscription } from '../../store/subscription.ts';
import { closeCheckout } from '../../vendor/stripe.ts';
import type { Refused } from '../../vendor/stripe-client.ts';
import { endBilling, endBillingWithPeriod, pauseBilling, resumeBilling } from '../../vendor/stripe-subscription.ts';
import { showSubscription } from './show-subscription.ts';

/** What may be asked of a subscription. */
export type StepAsked = 'pause' | 'resume' | 'cancel' | 'cancel_at_period_end';

const stepOf = { pause: 'pause', resume: 'resume', cancel: 'cancel', cancel_at_period_end: 'cancel' } as const;

/**
 * Pauses, resumes or cancels a subscription: first its billing, where the account pays for it, then itself. Should the
 * second fail, the word of the payment provider brings it about all the same.
 *
 * Errors: `not_found`; `conflict` when its status does not allow it, and nothing is changed; `unavailable`.
 */
export async function stepSubscription(
  accountId: string,
  id: string,
  asked: StepAsked,
  services: Services,
): Promise<Result<ShownSubscription, Failure>> {
  const { db } = services;
  const found = await findSubscription(db, accountId, id);
  if (!found.ok) return found;
  const subscription = found.value;
  const { status } = subscription;
  const refusal: Failure = { code: 'conflict', message: `Not possible for a subscription that is ${status}` };
  if (!isAllowedStep(stepOf[asked], status)) return err(refusal);
  // While a payment is awaited there is no paid period that could end first.
  const isWithPeriod = asked === 'cancel_at_period_end' && status !== 'past_due';
  const billed = await stepBilling(
    subscription,
    asked === 'cancel_at_period_end' && !isWithPeriod ? 'cancel' : asked,
    services,
  );
  if (!billed.ok) return err(billed.error.code === 'refused' ? refusal : billed.error);
  const changed = isWithPeriod
    ? await endWithPeriod(db, subscription)
    : await changeSubscription(db, subscription, subscriptionTransitions[stepOf[asked]].to);
  if (!changed.ok && changed.error.code !== 'conflict') return changed;
  const now = await findSubscription(db, accountId, id);
  if (!now.ok) return now;
  // Another request, or the provider's word on this one, may have been first; only the latter has done what was asked.
  const isDone =
    changed.ok || (subscription.customerId === null && now.value.status === subscriptionTransitions[stepOf[asked]].to);
  return isDone ? ok(showSubscription(now.value)) : err(refusal);
}

async function stepBilling(
  { stripeSubscriptionId: id, stripeCheckoutId }: Subscription,
  asked: StepAsked,
  services: Services,
): Promise<Result<void, Failure | Refused>> {
  if (id === null) return stripeCheckoutId === null ? ok(undefined) : closeCheckout(services, stripeCheckoutId);
  switch (asked) {
    case 'pause':
      return pauseBilling(services, id);
    case 'resume':
      return resumeBilling(services, id);
    case 'cancel':
      return endBilling(services, id);
    case 'cancel_at_period_end':
      return endBillingWithPeriod(services, id);
  }
}
