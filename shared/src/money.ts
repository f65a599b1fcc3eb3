/** Currencies without a smaller unit. `mga` has fifths, which Stripe and its people leave out. */
const withoutSmaller: ReadonlySet<string> = new Set(
  'bif clp djf gnf isk jpy kmf krw mga pyg rwf ugx uyi vnd vuv xaf xof xpf'.split(' '),
);
const withThousandths: ReadonlySet<string> = new Set('bhd iqd jod kwd lyd omr tnd'.split(' '));

/**
 * Decimal places between a currency and its smallest unit, in which amounts are kept: 2 for `usd`, 0 for `jpy`. Not what
 * `Intl` shows: it leaves out the hundredths of `huf` or `idr`, which Stripe charges by.
 *
 * Source: ISO 4217, and for `mga` Stripe's zero-decimal currencies.
 */
export function currencyDigits(currency: string): number {
  const code = currency.toLowerCase();
  if (withoutSmaller.has(code)) return 0;
  return withThousandths.has(code) ? 3 : 2;
}

/**
 * Reads `12` or `12.50` as an amount in the smallest unit of the currency. `undefined` for anything else, and for more
 * decimal places than the currency has.
 */
export function parseMoney(text: string, currency: string): number | undefined {
  const match = /^(\d{1,9})(?:\.(\d{1,3}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  const digits = currencyDigits(currency);
  return fraction.length > digits ? undefined : Number(`${whole}${fraction.padEnd(digits, '0')}`);
}

/** An amount in the smallest unit of its currency, as a person reads it: 1234 usd -> $12.34. */
export function formatMoney(amount: number, currency: string): string {
  const digits = currencyDigits(currency);
  const places = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat('en-US', { style: 'currency', currency, ...places }).format(amount / 10 ** digits);
}
