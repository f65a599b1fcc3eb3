import { err, ok, type Result } from '@marvel/shared/result';
import type { Stripe } from 'stripe';
import * as v from 'valibot';
import { noSuch, invalidRequest, type StripeFailure } from './failure.ts';
import { newId } from './id.ts';
import { Amount, Currency, Expand, Flag, Integer, listOf, Metadata, Text, WebUrl } from './params.ts';
import type { Price } from './objects.ts';
import type { Store } from './store.ts';

export const ProductData = v.strictObject({
  name: Text,
  description: v.optional(Text),
  images: v.optional(listOf(WebUrl, 8)),
  metadata: v.optional(Metadata, {}),
  tax_code: v.optional(Text),
  unit_label: v.optional(Text),
});

export const CreateProduct = v.strictObject({
  ...ProductData.entries,
  id: v.optional(Text),
  active: v.optional(Flag),
  expand: Expand,
});

export const Recurring = v.strictObject({
  interval: v.picklist(['day', 'week', 'month', 'year']),
  interval_count: v.optional(v.pipe(Integer, v.minValue(1)), '1'),
  usage_type: v.optional(v.picklist(['licensed', 'metered'])),
});

/** A price that is given in full where it is used. */
export const PriceData = v.strictObject({
  currency: Currency,
  unit_amount: Amount,
  product: v.optional(Text),
  product_data: v.optional(ProductData),
  recurring: v.optional(Recurring),
  tax_behavior: v.optional(v.picklist(['exclusive', 'inclusive', 'unspecified'])),
});
type PriceData = v.InferOutput<typeof PriceData>;

export const CreatePrice = v.strictObject({
  ...PriceData.entries,
  nickname: v.optional(Text),
  lookup_key: v.optional(Text),
  metadata: v.optional(Metadata, {}),
  active: v.optional(Flag),
  expand: Expand,
});

/** Makes and keeps a product. */
export function addProduct(
  params: v.InferOutput<typeof ProductData> & {
    readonly id?: string | undefined;
    readonly active?: boolean | undefined;
  },
  store: Store,
  nowSeconds: number,
): Stripe.Product {
  const product: Stripe.Product = {
    id: params.id ?? newId('prod', 14),
    object: 'product',
    active: params.active ?? true,
    created: nowSeconds,
    default_price: null,
    description: params.description ?? null,
    images: params.images ?? [],
    livemode: false,
    marketing_features: [],
    metadata: params.metadata,
    name: params.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: params.tax_code ?? null,
    tax_details: null,
    type: 'service',
    unit_label: params.unit_label ?? null,
    updated: nowSeconds,
    url: null,
  };
  store.put(product);
  return product;
}

/** The product that a price is for: one that exists, or one described on the spot. */
function productOf(params: PriceData, store: Store, nowSeconds: number): Result<string, StripeFailure> {
  const { product, product_data: data } = params;
  if ((product === undefined) === (data === undefined)) {
    return err(
      invalidRequest('parameter_missing', 'You must specify exactly one of product or product_data.', 'product'),
    );
  }
  if (data !== undefined) return ok(addProduct(data, store, nowSeconds).id);
  if (product === undefined || store.get('product', product) === undefined)
    return err(noSuch('product', product ?? '', 'product'));
  return ok(product);
}

/** Makes and keeps a price, and its product where that is described on the spot. */
export function addPrice(
  params: PriceData &
    Partial<Pick<v.InferOutput<typeof CreatePrice>, 'nickname' | 'lookup_key' | 'metadata' | 'active'>>,
  store: Store,
  nowSeconds: number,
): Result<Price, StripeFailure> {
  const product = productOf(params, store, nowSeconds);
  if (!product.ok) return product;
  const { recurring } = params;
  const price: Price = {
    id: newId('price'),
    object: 'price',
    active: params.active ?? true,
    billing_scheme: 'per_unit',
    created: nowSeconds,
    currency: params.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: params.lookup_key ?? null,
    metadata: params.metadata ?? {},
    nickname: params.nickname ?? null,
    product: product.value,
    recurring:
      recurring === undefined
        ? null
        : {
            interval: recurring.interval,
            interval_count: recurring.interval_count,
            meter: null,
            trial_period_days: null,
            usage_type: recurring.usage_type ?? 'licensed',
          },
    tax_behavior: params.tax_behavior ?? 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: recurring === undefined ? 'one_time' : 'recurring',
    unit_amount: params.unit_amount,
    unit_amount_decimal: `${params.unit_amount}`,
  };
  store.put(price);
  return ok(price);
}

/** One thing bought: a price that exists or is given in full, and how many. */
export const ItemParams = v.strictObject({
  price: v.optional(Text),
  price_data: v.optional(PriceData),
  quantity: v.pipe(Integer, v.minValue(1, 'Invalid positive integer')),
});

/** The price of an item. */
export function priceOf(
  item: v.InferOutput<typeof ItemParams>,
  param: string,
  store: Store,
  nowSeconds: number,
): Result<Price, StripeFailure> {
  const { price, price_data: data } = item;
  if ((price === undefined) === (data === undefined)) {
    return err(
      invalidRequest('parameter_missing', `You must specify exactly one of price or price_data.`, `${param}[price]`),
    );
  }
  // A price that was made on the spot is not for use again, so it is inactive.
  if (data !== undefined) return addPrice({ ...data, active: false }, store, nowSeconds);
  const found = store.get('price', price ?? '');
  return found === undefined ? err(noSuch('price', price ?? '', `${param}[price]`)) : ok(found);
}
