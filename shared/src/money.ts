/**
 * Decimal places between a currency and its smallest unit, in which amounts are kept: 2 for `usd`, 0 for `jpy`. A code that
 * no currency has counts as 2; the API refuses it. Source: ISO 4217, as the runtime knows it.
 */
export function currencyDigits(currency: string): number {
  if (!/^[A-Za-z]{3}$/.test(currency)) return 2;
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
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
