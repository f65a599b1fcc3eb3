import { currencyDigits } from '@marvel/shared/money';

/** An amount in the smallest unit of its currency, as a person reads it: 1234 usd -> $12.34. */
export function formatMoney(amount: number, currency: string): string {
  const digits = currencyDigits(currency);
  const places = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat('en-US', { style: 'currency', currency, ...places }).format(amount / 10 ** digits);
}
