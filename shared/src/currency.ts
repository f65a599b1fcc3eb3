import * as v from 'valibot';

/**
 * The currencies that Stripe takes in a charge and counts in the smallest unit that they have here, so that a price is what
 * is charged. Not among them: `isk` and `ugx`, which have no smaller unit and are counted by Stripe as if they had hundredths,
 * those with thousandths, of which it takes only whole hundredths, and `ang`, `bgn` and `std`, which are no longer money.
 * Whether one account may charge in each of them is known to Stripe alone.
 *
 * Source: Stripe's documentation, "Supported currencies" (presentment currencies, zero-decimal currencies, special cases).
 */
const checkoutCurrencies: ReadonlySet<string> = new Set(
  `aed afn all amd aoa ars aud awg azn bam bbd bdt bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny cop crc cve czk
  djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr jmd jpy kes kgs khr kmf krw
  kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php
  pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd szl thb tjs top try ttd twd tzs uah usd uyu uzs vnd
  vuv wst xaf xcd xcg xof xpf yer zar zmw`.split(/\s+/),
);

const everyCurrency: ReadonlySet<string> = new Set(
  Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()),
);

const codeHint = 'must be the code of a currency (ISO 4217) in lower case, such as usd';
/** What is said of a currency that cannot be charged in. */
export const checkoutHint =
  'must be a currency that the payment provider takes at the price as it is written, such as usd, eur, gbp or jpy';

/** A currency. ISO 4217, lower case. */
export const Currency = v.pipe(
  v.string(),
  v.regex(/^[a-z]{3}$/, codeHint),
  v.check((code) => everyCurrency.has(code) || checkoutCurrencies.has(code), codeHint),
);

/** A currency in which the payment provider can be told to charge. */
export const CheckoutCurrency = v.pipe(
  Currency,
  v.check((code) => checkoutCurrencies.has(code), checkoutHint),
);
