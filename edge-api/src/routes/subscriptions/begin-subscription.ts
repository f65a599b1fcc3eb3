import type { Subscription as ShownSubscription } from '@marvel/shared/api/subscription';
import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { billingPageUrl } from '../../domain/billing-page-url.ts';
import type { Once } from '../../http/once.ts';
import type { Services } from '../../http/services.ts';
import { findCustomer } from '../../store/customer.ts';
import { newId } from '../../store/new-id.ts';
import { findPlanOnOffer, type PlanOnOffer } from '../../store/plan.ts';
import {
  createCustomerSubscription,
  createOwnSubscription,
  hasOwnSubscription,
  type Subscription,
  type SubscriptionConflict,
} from '../../store/subscription.ts';
import { closeCheckout } from '../../vendor/stripe.ts';
import { createSubscriptionCheckout } from '../../vendor/stripe-subscription.ts';
import { showSubscription } from './show-subscription.ts';

/** Who wants to be put on which plan. */
export interface SubscriptionAsked {
  readonly accountId: string;
  readonly planId: string;
  readonly customerId: string | undefined;
}

const conflicts: Readonly<Record<SubscriptionConflict['because'], string>> = {
  has_subscription: 'Another subscription goes on; cancel it first',
  customer_changed: 'The customer has changed meanwhile',
};

/**
 * Puts an account on a plan of Marvel's, which it pays on a page, or one of its customers on a plan of its own.
 *
 * `answerOf` makes what the caller is answered, which a repeat gets as well.
 * Errors: `invalid`, naming the field; `conflict` while another subscription goes on; `unavailable`.
 */
export async function beginSubscription<A>(
  asked: SubscriptionAsked,
  once: Once | undefined,
  services: Services,
  answerOf: (subscription: ShownSubscription) => A,
): Promise<Result<A, Failure>> {
  const { accountId, planId, customerId } = asked;
  const offer = await findPlanOnOffer(services.db, accountId, planId);
  if (!offer.ok && offer.error.code === 'unavailable') return err(offer.error);
  if (!offer.ok) return invalid('plan_id', 'is no plan on offer');
  const isMarvels = offer.value.plan.accountId === null;
  if (isMarvels && customerId !== undefined) return invalid('customer_id', 'cannot be put on a plan of Marvel’s');
  if (!isMarvels && customerId === undefined) return invalid('customer_id', 'is required for a plan of your own');
  const id = once === undefined ? newId('sbn') : `sbn_${once.token.replaceAll(/[^0-9A-Za-z]/g, '').slice(0, 24)}`;
  const begun =
    customerId === undefined
      ? await beginOwn(id, accountId, offer.value, services)
      : await beginCustomers(id, accountId, customerId, offer.value, services);
  if (!begun.ok) return begun;
  const { row, store } = begun.value;
  const answer = answerOf(showSubscription(row));
  const made = await store(services.db, row, await once?.seal(answer));
  if (made.ok) return ok(answer);
  // A repeat under way has the same page.
  if (row.stripeCheckoutId !== null && once === undefined)
    services.afterwards(closeUnseen(row.stripeCheckoutId, services));
  const { error } = made;
  return err('because' in error ? { code: error.code, message: conflicts[error.because] } : error);
}

/** A subscription that may be written, and what writes it. */
interface Begun {
  readonly row: Subscription;
  readonly store: typeof createOwnSubscription;
}

async function beginOwn(
  id: string,
  accountId: string,
  offer: PlanOnOffer,
  services: Services,
): Promise<Result<Begun, Failure>> {
  const has = await hasOwnSubscription(services.db, accountId);
  if (!has.ok) return has;
  if (has.value) return err({ code: 'conflict', message: conflicts.has_subscription });
  const { name, priceCents: amountCents, currency, interval, intervalCount } = offer.plan;
  const returnUrl = billingPageUrl(services.env);
  const wanted = { subscriptionId: id, name, amountCents, currency, interval, intervalCount, returnUrl };
  const page = await createSubscriptionCheckout(services, wanted);
  if (!page.ok) {
    return page.error.code === 'refused'
      ? invalid('plan_id', 'cannot be paid for: the payment provider does not take its price or currency')
      : err(page.error);
  }
  const { id: stripeCheckoutId, url: checkoutUrl } = page.value;
  const row = { ...newRow(id, accountId, offer), status: 'past_due' as const, stripeCheckoutId, checkoutUrl };
  return ok({ row, store: createOwnSubscription });
}

async function beginCustomers(
  id: string,
  accountId: string,
  customerId: string,
  offer: PlanOnOffer,
  { db }: Services,
): Promise<Result<Begun, Failure>> {
  const customer = await findCustomer(db, accountId, customerId);
  if (!customer.ok && customer.error.code === 'unavailable') return err(customer.error);
  if (!customer.ok) return invalid('customer_id', 'is no customer of this account');
  const { subUserId } = customer.value;
  if (subUserId === null) return invalid('customer_id', 'has no sub-user whose limits could follow the plan');
  const row: Subscription = {
    ...newRow(id, accountId, offer),
    customerId,
    subUserId,
    status: 'active',
    periodsBegun: 1,
    currentPeriodStart: offer.startsAt,
    currentPeriodEnd: offer.endsAt,
  };
  return ok({ row, store: createCustomerSubscription });
}

function newRow(id: string, accountId: string, { plan, startsAt }: PlanOnOffer): Omit<Subscription, 'status'> {
  return {
    id,
    accountId,
    planId: plan.id,
    customerId: null,
    subUserId: null,
    name: plan.name,
    bytes: plan.bytes,
    priceCents: plan.priceCents,
    currency: plan.currency,
    interval: plan.interval,
    intervalCount: plan.intervalCount,
    periods: plan.periods,
    threads: plan.threads,
    periodsBegun: 0,
    currentPeriodStart: null,
    currentPeriodEnd: null,
    cancelAtPeriodEnd: false,
    stripeCheckoutId: null,
    checkoutUrl: null,
    stripeSubscriptionId: null,
    stripeAskedAt: null,
    createdAt: startsAt,
    endedAt: null,
  };
}

/** Nobody has seen the page of a subscription that was not written; this keeps it so. */
async function closeUnseen(checkoutId: string, services: Services): Promise<void> {
  try {
    await closeCheckout(services, checkoutId);
  } catch (error) {
    services.log.error('payment_page_left_open', error);
  }
}

function invalid(field: string, problem: string): Result<never, Failure> {
  return err({ code: 'invalid', message: `${field}: ${problem}` });
}
