import { err, ok, type Result } from '@marvel/shared/result';
import type { Stripe } from 'stripe';
import * as v from 'valibot';
import { invalidRequest, noSuch, type StripeFailure } from './failure.ts';
import { newId } from './id.ts';
import { Expand, Flag, Integer, listOf, Metadata, Text } from './params.ts';
import type { Plan, Price, Subscription, SubscriptionItem } from './objects.ts';
import { ItemParams, priceOf } from './price.ts';
import type { Store } from './store.ts';

export const CreateSubscription = v.strictObject({
  customer: Text,
  items: listOf(v.strictObject({ ...ItemParams.entries, quantity: v.optional(ItemParams.entries.quantity, '1') }), 20),
  metadata: v.optional(Metadata, {}),
  description: v.optional(Text),
  cancel_at_period_end: v.optional(Flag),
  collection_method: v.optional(v.literal('charge_automatically')),
  payment_behavior: v.optional(v.picklist(['allow_incomplete', 'default_incomplete', 'error_if_incomplete'])),
  off_session: v.optional(Flag),
  expand: Expand,
});

export const UpdateSubscription = v.strictObject({
  metadata: v.optional(Metadata, {}),
  description: v.optional(Text),
  cancel_at_period_end: v.optional(Flag),
  /** An empty text resumes. */
  pause_collection: v.optional(
    v.union([
      v.literal(''),
      v.strictObject({
        behavior: v.picklist(['keep_as_draft', 'mark_uncollectible', 'void']),
        resumes_at: v.optional(Integer),
      }),
    ]),
  ),
  proration_behavior: v.optional(v.picklist(['always_invoice', 'create_prorations', 'none'])),
  expand: Expand,
});

export const CancelSubscription = v.strictObject({
  invoice_now: v.optional(Flag),
  prorate: v.optional(Flag),
  cancellation_details: v.optional(v.strictObject({ comment: v.optional(v.string()) })),
  expand: Expand,
});

/** What a subscription is made of. */
export interface SubscriptionOrder {
  readonly customer: string;
  readonly items: readonly { readonly price: Price; readonly quantity: number }[];
  readonly metadata: Stripe.Metadata;
  readonly description: string | null;
  readonly cancelAtPeriodEnd: boolean;
}

/** When a period that starts now ends. */
function periodEnd(price: Price, nowSeconds: number): number {
  const end = new Date(nowSeconds * 1_000);
  const count = price.recurring?.interval_count ?? 1;
  switch (price.recurring?.interval) {
    case 'day':
      end.setUTCDate(end.getUTCDate() + count);
      break;
    case 'week':
      end.setUTCDate(end.getUTCDate() + 7 * count);
      break;
    case 'year':
      end.setUTCFullYear(end.getUTCFullYear() + count);
      break;
    case 'month':
    case undefined:
    default:
      end.setUTCMonth(end.getUTCMonth() + count);
  }
  return Math.floor(end.getTime() / 1_000);
}

function planOf(price: Price): Plan {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  };
}

/** A subscription that is paid for its first period. */
export function createSubscription(order: SubscriptionOrder, nowSeconds: number): Subscription {
  const id = newId('sub');
  const items = order.items.map(({ price, quantity }): SubscriptionItem => {
    const period = { current_period_start: nowSeconds, current_period_end: periodEnd(price, nowSeconds) };
    return {
      id: newId('si', 14),
      object: 'subscription_item',
      billing_thresholds: null,
      created: nowSeconds,
      ...period,
      current_trial: null,
      discounts: [],
      metadata: {},
      plan: planOf(price),
      price,
      quantity,
      subscription: id,
      tax_rates: [],
    };
  });
  const endsAt = items[0]?.current_period_end ?? nowSeconds;
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: nowSeconds,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: 'classic' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: order.cancelAtPeriodEnd ? endsAt : null,
    cancel_at_period_end: order.cancelAtPeriodEnd,
    canceled_at: order.cancelAtPeriodEnd ? nowSeconds : null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: nowSeconds,
    currency: order.items[0]?.price.currency ?? '',
    customer: order.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: newId('pm'),
    default_source: null,
    default_tax_rates: [],
    description: order.description,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: 'self' },
    },
    items: { object: 'list', data: items, has_more: false, url: `/v1/subscription_items?subscription=${id}` },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: order.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: 'off' },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: nowSeconds,
    status: 'active',
    test_clock: null,
    transfer_data: null,
    trial_end: null,
    trial_settings: { end_behavior: { billing_cycle_anchor: null, missing_payment_method: 'create_invoice' } },
    trial_start: null,
  };
}

/** The subscription in its next period. */
export function nextPeriod(subscription: Subscription): Subscription {
  const data = subscription.items.data.map((item) => ({
    ...item,
    current_period_start: item.current_period_end,
    current_period_end: periodEnd(item.price, item.current_period_end),
  }));
  return { ...subscription, items: { ...subscription.items, data } };
}

/** Reads what the API's create call asks for. */
export function readOrder(
  params: v.InferOutput<typeof CreateSubscription>,
  store: Store,
  nowSeconds: number,
): Result<SubscriptionOrder, StripeFailure> {
  const { customer } = params;
  if (store.get('customer', customer) === undefined) return err(noSuch('customer', customer, 'customer'));
  const items: { price: Price; quantity: number }[] = [];
  for (const [index, item] of params.items.entries()) {
    const param = `items[${index}]`;
    const price = priceOf(item, param, store, nowSeconds);
    if (!price.ok) return price;
    if (price.value.type !== 'recurring') {
      return err(
        invalidRequest(
          undefined,
          'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.',
          `${param}[price]`,
        ),
      );
    }
    items.push({ price: price.value, quantity: item.quantity });
  }
  if (items.length === 0) return err(invalidRequest('parameter_missing', 'Missing required param: items.', 'items'));
  const { metadata, description = null, cancel_at_period_end: cancelAtPeriodEnd = false } = params;
  return ok({ customer, items, metadata, description, cancelAtPeriodEnd });
}

/** The subscription with the changes; an empty metadata value removes its key. */
export function updateSubscription(
  subscription: Subscription,
  params: v.InferOutput<typeof UpdateSubscription>,
  nowSeconds: number,
): Subscription {
  const {
    description,
    cancel_at_period_end: isEnding = subscription.cancel_at_period_end,
    pause_collection: pause,
  } = params;
  const metadata = Object.fromEntries(
    Object.entries({ ...subscription.metadata, ...params.metadata }).filter(([, value]) => value !== ''),
  );
  const paused = typeof pause === 'object' ? { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null } : null;
  return {
    ...subscription,
    metadata,
    description: description ?? subscription.description,
    cancel_at_period_end: isEnding,
    cancel_at: isEnding ? (subscription.items.data[0]?.current_period_end ?? null) : null,
    canceled_at: isEnding ? (subscription.canceled_at ?? nowSeconds) : null,
    pause_collection: pause === undefined ? subscription.pause_collection : paused,
  };
}

/** The subscription, ended now. */
export function cancelSubscription(
  subscription: Subscription,
  comment: string | undefined,
  nowSeconds: number,
): Subscription {
  return {
    ...subscription,
    status: 'canceled',
    canceled_at: nowSeconds,
    ended_at: nowSeconds,
    cancellation_details: {
      comment: comment ?? null,
      feedback: null,
      feedback_option: null,
      reason: 'cancellation_requested',
    },
  };
}
