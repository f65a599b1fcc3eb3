import { currencyDigits } from '@marvel/shared/money';

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes as people read them: 1 GB is 1,000,000,000 bytes. */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${bytes < 0 ? '-' : ''}${value.toFixed(digits)} ${units[unit]}`;
}

/** An amount in the smallest unit of its currency, as a price. */
export function formatPrice(amount: number, currency: string): string {
  const digits = currencyDigits(currency);
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency.toUpperCase()}`;
}

/** A time as people read it, in UTC. */
export function formatTime(time: string | null): string {
  return time === null ? '-' : `${time.slice(0, 10)} ${time.slice(11, 16)}`;
}

const sizes: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 };

/** Reads `10GB`, `-500 MB` or plain bytes; `undefined` for anything else. */
export function parseBytes(text: string): number | undefined {
  const match = /^(-?\d{1,15}(?:\.\d{1,9})?)\s*([kmgt]?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const bytes = Number(match[1]) * (sizes[(match[2] ?? 'b').toLowerCase()] ?? 1);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
