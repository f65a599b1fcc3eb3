import { liveStatuses, type SubscriptionStatus } from '@marvel/shared/subscription-transition';

/** Money that came, as the payment provider has it. */
export interface ProviderPayment {
  readonly reference: string;
  /** Whether it names an invoice of ours. */
  readonly isOurs: boolean;
  readonly amountCents: number;
  readonly currency: string;
}

/** The paid invoice of a subscription's period, as the payment provider has it. */
export interface ProviderPeriod {
  readonly providerId: string;
  readonly amountCents: number;
}

/** Money that went back or may, as the payment provider has it. */
export interface ProviderTakeBack {
  readonly kind: 'refund' | 'dispute';
  readonly reference: string;
  readonly paymentReference: string;
  readonly amountCents: number;
  /** `false`: the refund failed, or the dispute was won. */
  readonly counts: boolean;
}

/** A subscription that the payment provider goes on billing. */
export interface ProviderSubscription {
  readonly providerId: string;
  readonly subscriptionId: string;
  readonly status: 'active' | 'paused' | 'past_due';
  readonly cancelAtPeriodEnd: boolean;
}

/** What the payment provider has of a while; of subscriptions, all that are not over. */
export interface ProviderBooks {
  readonly payments: readonly ProviderPayment[];
  readonly periods: readonly ProviderPeriod[];
  readonly takeBacks: readonly ProviderTakeBack[];
  readonly subscriptions: readonly ProviderSubscription[];
}

/** What we have of the same, and what we have of that while beside it. */
export interface OwnBooks {
  readonly payments: readonly {
    readonly id: string;
    readonly reference: string;
    readonly amountCents: number;
    readonly currency: string;
    /** Whether it came in the while that is looked at. */
    readonly isOfPeriod: boolean;
  }[];
  /** Those of subscriptions that are paid here. */
  readonly paidPeriods: readonly string[];
  readonly takeBacks: readonly { readonly reference: string; readonly amountCents: number; readonly counts: boolean }[];
  readonly subscriptions: readonly {
    readonly id: string;
    readonly providerId: string;
    readonly status: SubscriptionStatus;
    readonly cancelAtPeriodEnd: boolean;
  }[];
}

export const bookProblems = [
  'paid_not_credited',
  'credited_not_paid',
  'amount_differs',
  'take_back_missing',
  'take_back_not_undone',
  'take_back_differs',
  'subscription_unknown',
  'subscription_still_billed',
  'subscription_differs',
  'subscription_not_billed',
] as const;

/** Something that the payment provider and we do not have alike. */
export interface BookProblem {
  readonly problem: (typeof bookProblems)[number];
  /** By the provider's name for it. */
  readonly reference: string;
  /** What the provider has, and what we have; `null` for nothing. */
  readonly expected: string | null;
  readonly found: string | null;
}

/** Compares the provider's books with ours. `unseen`: payments of ours in that while that the provider's list does not have. */
export function compareBooks(
  provider: ProviderBooks,
  own: OwnBooks,
): { readonly problems: readonly BookProblem[]; readonly unseen: readonly string[] } {
  // A period that was paid by other means than a payment goes by its invoice.
  const seen = new Set([
    ...provider.payments.map(({ reference }) => reference),
    ...provider.periods.map(({ providerId }) => providerId),
  ]);
  const unseen = own.payments.filter(
    ({ reference, isOfPeriod, amountCents }) => isOfPeriod && amountCents > 0 && !seen.has(reference),
  );
  return {
    problems: [
      ...paymentProblems(provider, own),
      ...periodProblems(provider, own),
      ...takeBackProblems(provider, own),
      ...subscriptionProblems(provider, own),
    ],
    unseen: unseen.map(({ reference }) => reference),
  };
}

function paymentProblems({ payments }: ProviderBooks, own: OwnBooks): readonly BookProblem[] {
  const known = new Map(own.payments.map((payment) => [payment.reference, payment]));
  return payments.flatMap((payment) => {
    const found = known.get(payment.reference);
    const expected = money(payment);
    if (found === undefined) {
      return payment.isOurs ? [problem('paid_not_credited', payment.reference, expected, null)] : [];
    }
    return money(found) === expected ? [] : [problem('amount_differs', payment.reference, expected, money(found))];
  });
}

function periodProblems({ periods }: ProviderBooks, own: OwnBooks): readonly BookProblem[] {
  const paid = new Set(own.paidPeriods);
  return periods
    .filter(({ providerId }) => !paid.has(providerId))
    .map(({ providerId, amountCents }) => problem('paid_not_credited', providerId, String(amountCents), null));
}

function takeBackProblems({ takeBacks }: ProviderBooks, own: OwnBooks): readonly BookProblem[] {
  const known = new Map(own.takeBacks.map((takeBack) => [takeBack.reference, takeBack]));
  const payments = new Set(own.payments.map(({ reference }) => reference));
  return takeBacks
    .filter(({ paymentReference }) => payments.has(paymentReference))
    .flatMap(({ reference, amountCents, counts }) => {
      const found = known.get(reference);
      const isTaken = found?.counts === true;
      if (counts && !isTaken) return [problem('take_back_missing', reference, String(amountCents), null)];
      if (!counts && isTaken) return [problem('take_back_not_undone', reference, null, String(found.amountCents))];
      if (!counts || found?.amountCents === amountCents) return [];
      return [problem('take_back_differs', reference, String(amountCents), String(found?.amountCents))];
    });
}

function subscriptionProblems({ subscriptions }: ProviderBooks, own: OwnBooks): readonly BookProblem[] {
  const known = new Map(own.subscriptions.map((subscription) => [subscription.providerId, subscription]));
  const billed = new Set(subscriptions.map(({ providerId }) => providerId));
  const ofProvider = subscriptions.flatMap((subscription) => {
    const { providerId } = subscription;
    const found = known.get(providerId);
    const expected = state(subscription);
    if (found === undefined) return [problem('subscription_unknown', providerId, expected, null)];
    if (!liveStatuses.includes(found.status)) {
      return [problem('subscription_still_billed', providerId, expected, found.status)];
    }
    return state(found) === expected ? [] : [problem('subscription_differs', providerId, expected, state(found))];
  });
  const ofOurs = own.subscriptions
    .filter(({ providerId, status }) => liveStatuses.includes(status) && !billed.has(providerId))
    .map((found) => problem('subscription_not_billed', found.providerId, null, state(found)));
  return [...ofProvider, ...ofOurs];
}

function problem(
  code: BookProblem['problem'],
  reference: string,
  expected: string | null,
  found: string | null,
): BookProblem {
  return { problem: code, reference, expected, found };
}

function money({ amountCents, currency }: { readonly amountCents: number; readonly currency: string }): string {
  return `${amountCents} ${currency.toLowerCase()}`;
}

function state({
  status,
  cancelAtPeriodEnd,
}: {
  readonly status: string;
  readonly cancelAtPeriodEnd: boolean;
}): string {
  return cancelAtPeriodEnd ? `${status}, ends with its period` : status;
}
