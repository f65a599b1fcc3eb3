import type { Plan } from '@marvel/sdk';
import { formatBytes, formatPlural } from '../../format/bytes.ts';
import { formatMoney } from '@marvel/shared/money';

type Terms = Pick<Plan, 'bytes' | 'price_cents' | 'currency' | 'interval' | 'interval_count' | 'threads' | 'periods'>;

/** `a month`, `every 3 months` */
export function periodText({ interval, interval_count: count }: Pick<Terms, 'interval' | 'interval_count'>): string {
  return count === 1 ? `a ${interval}` : `every ${count} ${interval}s`;
}

export function priceText(terms: Terms): string {
  return `${formatMoney(terms.price_cents, terms.currency)} ${periodText(terms)}`;
}

/** What is had for the price, in a line. */
export function termsText({ bytes, threads, periods }: Terms): string {
  const parts = [
    `${formatBytes(bytes)} each time`,
    threads === null ? '' : formatPlural(threads, 'thread'),
    periods === null ? 'until cancelled' : formatPlural(periods, 'time'),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}
