import * as v from 'valibot';
import { CheckoutCurrency, checkoutHint, Currency } from '../currency.ts';
import { Count, Id, Line, Timestamp } from '../units.ts';
import { PageQuery } from './page.ts';

export const planIntervals = ['day', 'week', 'month', 'year'] as const;

/** The longest period, in each unit: a year. */
const maxIntervalCount = { day: 365, week: 52, month: 12, year: 1 } as const;

const Name = v.pipe(Line(100), v.minLength(1));

/** Makes a plan. Its terms stay as they are; who wants others makes another plan. */
export const CreatePlanRequest = v.pipe(
  v.strictObject({
    name: Name,
    /** Of each period. */
    bytes: v.pipe(Count, v.minValue(1)),
    /** In the smallest unit of the currency: 500 is 5.00 usd, and 500 jpy. */
    price_cents: v.pipe(Count, v.maxValue(99_999_999)),
    currency: Currency,
    interval: v.picklist(planIntervals),
    interval_count: v.optional(v.pipe(Count, v.minValue(1)), 1),
    /** After how many periods it is completed; `null` goes on until it is cancelled. */
    periods: v.optional(v.nullable(v.pipe(Count, v.minValue(1), v.maxValue(1000))), null),
    /** Tunnels at once; `null` limits nothing. */
    threads: v.optional(v.nullable(v.pipe(Count, v.minValue(1), v.maxValue(1_000_000))), null),
  }),
  v.forward(
    v.check(
      ({ interval, interval_count: count }) => count <= maxIntervalCount[interval],
      'must make a period of a year at most',
    ),
    ['interval_count'],
  ),
);

/** Makes a plan that accounts pay for through the payment provider. */
export const CreateOperatorPlanRequest = v.pipe(
  CreatePlanRequest,
  v.forward(
    v.check(({ currency }) => v.is(CheckoutCurrency, currency), checkoutHint),
    ['currency'],
  ),
);
export type CreatePlanRequest = v.InferOutput<typeof CreatePlanRequest>;

/** An inactive plan takes no new subscriptions; those that there are go on. */
export const UpdatePlanRequest = v.strictObject({ name: v.optional(Name), active: v.optional(v.boolean()) });

/** What a plan gives and costs each period. A subscription keeps those that it began with. */
export const planTerms = {
  name: v.string(),
  bytes: Count,
  /** In the smallest unit of the currency. */
  price_cents: Count,
  currency: v.string(),
  interval: v.picklist(planIntervals),
  interval_count: Count,
  periods: v.nullable(Count),
  threads: v.nullable(Count),
};

/** Recurring terms. */
export const Plan = v.strictObject({
  id: Id,
  /** `marvel`: for the account itself, paid to us. `account`: its own, for its customers, who pay the account. */
  owner: v.picklist(['marvel', 'account']),
  ...planTerms,
  active: v.boolean(),
  created_at: Timestamp,
});
export type Plan = v.InferOutput<typeof Plan>;

export const PlanQuery = v.strictObject({ ...PageQuery.entries, owner: v.optional(v.picklist(['marvel', 'account'])) });

/** Newest first; `next_cursor` is `null` on the last page. */
export const PlanList = v.strictObject({ data: v.array(Plan), next_cursor: v.nullable(v.string()) });
