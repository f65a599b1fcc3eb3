/** What a subscription can be. `past_due`: a payment is awaited, the first one too. The last two are for good. */
export const subscriptionStatuses = ['active', 'paused', 'past_due', 'cancelled', 'completed'] as const;
export type SubscriptionStatus = (typeof subscriptionStatuses)[number];

/** What may happen to one. The first three are asked for; the others follow from payments and from time. */
export type SubscriptionStep = keyof typeof subscriptionTransitions;

/** Every change of status that there is; the database refuses any other. Source: CONTRACT section 5. */
export const subscriptionTransitions = {
  pause: { from: ['active'], to: 'paused' },
  resume: { from: ['paused'], to: 'active' },
  cancel: { from: ['active', 'paused', 'past_due'], to: 'cancelled' },
  payment_failed: { from: ['active', 'paused'], to: 'past_due' },
  payment_made: { from: ['past_due'], to: 'active' },
  payment_made_while_paused: { from: ['past_due'], to: 'paused' },
  complete: { from: ['active', 'paused', 'past_due'], to: 'completed' },
} as const satisfies Readonly<
  Record<string, { readonly from: readonly SubscriptionStatus[]; readonly to: SubscriptionStatus }>
>;

/** Those of subscriptions that go on: what is over can be cancelled no more. */
export const liveStatuses: readonly SubscriptionStatus[] = subscriptionTransitions.cancel.from;

/** Whether a step may be taken from a status. */
export function isAllowedStep(step: SubscriptionStep, from: SubscriptionStatus): boolean {
  const { from: allowed }: { readonly from: readonly SubscriptionStatus[] } = subscriptionTransitions[step];
  return allowed.includes(from);
}

/** Whether some step leads from one status to another. */
export function isAllowedChange(from: SubscriptionStatus, to: SubscriptionStatus): boolean {
  return Object.values(subscriptionTransitions).some(
    (step: { readonly from: readonly SubscriptionStatus[]; readonly to: SubscriptionStatus }) =>
      step.to === to && step.from.includes(from),
  );
}
