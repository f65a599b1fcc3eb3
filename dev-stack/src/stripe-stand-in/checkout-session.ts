import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { Email } from './customer.ts';
import { invalidRequest, noSuch, type StripeFailure } from './failure.ts';
import { newId } from './id.ts';
import { Expand, Flag, Integer, listOf, Metadata, Text, WebUrl } from './params.ts';
import type { LineItem, Price, Session, SessionRecord } from './objects.ts';
import { ItemParams, priceOf } from './price.ts';
import type { Store } from './store.ts';

const IntentData = v.strictObject({
  metadata: v.optional(Metadata, {}),
  description: v.optional(Text),
  receipt_email: v.optional(Email),
  statement_descriptor: v.optional(Text),
  setup_future_usage: v.optional(v.picklist(['off_session', 'on_session'])),
});

const SubscriptionData = v.strictObject({ metadata: v.optional(Metadata, {}), description: v.optional(Text) });

export const CreateSession = v.strictObject({
  mode: v.picklist(['payment', 'subscription']),
  line_items: listOf(ItemParams, 100),
  success_url: WebUrl,
  cancel_url: v.optional(WebUrl),
  client_reference_id: v.optional(v.pipe(Text, v.maxLength(200))),
  customer: v.optional(Text),
  customer_creation: v.optional(v.picklist(['always', 'if_required'])),
  customer_email: v.optional(Email),
  expires_at: v.optional(Integer),
  metadata: v.optional(Metadata, {}),
  payment_intent_data: v.optional(IntentData, {}),
  subscription_data: v.optional(SubscriptionData, {}),
  payment_method_types: v.optional(listOf(v.literal('card'), 1)),
  submit_type: v.optional(v.picklist(['auto', 'book', 'donate', 'pay', 'subscribe'])),
  ui_mode: v.optional(v.literal('hosted_page')),
  locale: v.optional(Text),
  allow_promotion_codes: v.optional(Flag),
  billing_address_collection: v.optional(v.picklist(['auto', 'required'])),
  automatic_tax: v.optional(v.strictObject({ enabled: Flag })),
  expand: Expand,
});
export type CreateSession = v.InferOutput<typeof CreateSession>;

const daySeconds = 86_400;
const minLifeSeconds = 1_800;

/** Stripe's smallest charge, in the currencies that the product uses; others have none here. */
const minAmount = new Map([
  ['usd', 50],
  ['eur', 50],
  ['gbp', 30],
]);

function lineItem(price: Price, quantity: number, store: Store): LineItem {
  const amount = (price.unit_amount ?? 0) * quantity;
  const product = typeof price.product === 'string' ? store.get('product', price.product) : undefined;
  return {
    id: newId('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description: product?.name ?? null,
    metadata: {},
    price,
    quantity,
  };
}

function lineItems(
  params: CreateSession,
  store: Store,
  nowSeconds: number,
): Result<readonly LineItem[], StripeFailure> {
  const items: LineItem[] = [];
  for (const [index, item] of params.line_items.entries()) {
    const param = `line_items[${index}]`;
    const price = priceOf(item, param, store, nowSeconds);
    if (!price.ok) return price;
    if (params.mode === 'payment' && price.value.type === 'recurring') {
      return err(
        invalidRequest(
          undefined,
          'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
          param,
        ),
      );
    }
    items.push(lineItem(price.value, item.quantity, store));
  }
  if (params.mode === 'subscription' && !items.some((item) => item.price.type === 'recurring')) {
    return err(
      invalidRequest(undefined, 'You must provide at least one recurring price in `subscription` mode.', 'line_items'),
    );
  }
  const [first] = items;
  if (first === undefined)
    return err(invalidRequest('parameter_missing', 'Missing required param: line_items.', 'line_items'));
  if (items.some((item) => item.currency !== first.currency)) {
    return err(invalidRequest(undefined, 'All prices of a Checkout Session must use the same currency.', 'line_items'));
  }
  return ok(items);
}

/** What goes beyond the form of the parameters. */
function checkParams(params: CreateSession, store: Store, nowSeconds: number): StripeFailure | undefined {
  const { customer, expires_at: expiresAt } = params;
  if (customer !== undefined && store.get('customer', customer) === undefined)
    return noSuch('customer', customer, 'customer');
  if (customer !== undefined && params.customer_email !== undefined) {
    return invalidRequest(
      'parameter_invalid',
      'You may only specify one of these parameters: customer, customer_email.',
      'customer',
    );
  }
  const life = (expiresAt ?? nowSeconds + daySeconds) - nowSeconds;
  if (life < minLifeSeconds || life > daySeconds) {
    return invalidRequest(
      undefined,
      'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
      'expires_at',
    );
  }
  return undefined;
}

/** Makes and keeps a session, with the prices and products that it describes on the spot. */
export function addSession(
  params: CreateSession,
  store: Store,
  nowSeconds: number,
  payUrl: (id: string) => string,
): Result<SessionRecord, StripeFailure> {
  const mistake = checkParams(params, store, nowSeconds);
  if (mistake !== undefined) return err(mistake);
  const items = lineItems(params, store, nowSeconds);
  if (!items.ok) return items;
  const total = items.value.reduce((sum, item) => sum + item.amount_total, 0);
  const currency = items.value[0]?.currency ?? '';
  const least = minAmount.get(currency) ?? 1;
  if (params.mode === 'payment' && total < least) {
    return err(
      invalidRequest(
        'amount_too_small',
        `The Checkout Session's total amount due must add up to at least ${least} ${currency} in its smallest unit.`,
      ),
    );
  }
  const id = newId('cs_test', 58);
  const session: SessionRecord = {
    id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    allowed_payment_method_types: null,
    amount_subtotal: total,
    amount_total: total,
    automatic_tax: { enabled: params.automatic_tax?.enabled ?? false, liability: null, provider: null, status: null },
    billing_address_collection: params.billing_address_collection ?? null,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: nowSeconds,
    currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: params.customer ?? null,
    customer_account: null,
    customer_creation: params.mode === 'payment' ? (params.customer_creation ?? 'if_required') : null,
    customer_details: null,
    customer_email: params.customer_email ?? null,
    discounts: [],
    expires_at: params.expires_at ?? nowSeconds + daySeconds,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: params.locale ?? null,
    managed_payments: null,
    metadata: params.metadata,
    mode: params.mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'always',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: 'unpaid',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: params.submit_type ?? null,
    subscription: null,
    success_url: params.success_url,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: payUrl(id),
    wallet_options: null,
    stand_in: {
      items: items.value,
      payment_intent_data: params.payment_intent_data,
      subscription_data: params.subscription_data,
    },
  };
  store.put(session);
  return ok(session);
}

/** The session without what only the stand-in needs. */
export function publicSession(record: SessionRecord): Session {
  const { stand_in: _, ...session } = record;
  return session;
}
