import * as v from 'valibot';
import { subscriptionStatuses } from '../subscription-transition.ts';
import { Count, Id, Timestamp } from '../units.ts';
import { PageQuery } from './page.ts';
import { planTerms } from './plan.ts';

export const CreateSubscriptionRequest = v.strictObject({
  plan_id: Id,
  /** Who is put on it, where the plan is the account's own; absent for one of Marvel's, which is for the account itself. */
  customer_id: v.optional(Id),
});

export const CancelSubscriptionRequest = v.strictObject({
  /** `true` lets the period that was begun run out first. */
  at_period_end: v.optional(v.boolean(), false),
});

/** An account or customer on a plan, with the plan's terms as they were. */
export const Subscription = v.strictObject({
  id: Id,
  status: v.picklist(subscriptionStatuses),
  plan_id: Id,
  /** `null`: the account itself. */
  customer_id: v.nullable(Id),
  ...planTerms,
  /** How many periods were begun: paid ones, where it is the account's own. */
  periods_begun: Count,
  current_period_start: v.nullable(Timestamp),
  current_period_end: v.nullable(Timestamp),
  /** Whether it is cancelled when its period ends. */
  cancel_at_period_end: v.boolean(),
  /** Where the first payment can be made; `null` once it was, or when there is nothing to pay. */
  checkout_url: v.nullable(v.string()),
  created_at: Timestamp,
  /** When it was cancelled or completed. */
  ended_at: v.nullable(Timestamp),
});
export type Subscription = v.InferOutput<typeof Subscription>;

export const SubscriptionQuery = v.strictObject({
  ...PageQuery.entries,
  status: v.optional(v.picklist(subscriptionStatuses)),
  plan_id: v.optional(Id),
  customer_id: v.optional(Id),
});

/** Newest first; `next_cursor` is `null` on the last page. */
export const SubscriptionList = v.strictObject({ data: v.array(Subscription), next_cursor: v.nullable(v.string()) });
