import * as v from 'valibot';

/**
 * Amounts are kept as 32-bit integers. What is past it is no money of ours (a price is below 10^8), but other refunds and
 * disputes of the same Stripe account come here too, and must not fail for ever.
 */
const maxAmountCents = 2_147_483_647;

/** An amount of money in the currency's smallest unit. */
export const Cents = v.pipe(
  v.number(),
  v.safeInteger(),
  v.minValue(0),
  v.transform((cents) => Math.min(cents, maxAmountCents)),
);

/** Another object: its id, or itself where it was expanded. */
export const Reference = v.union([
  v.string(),
  v.pipe(
    v.object({ id: v.string() }),
    v.transform((object) => object.id),
  ),
]);
