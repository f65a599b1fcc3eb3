/** A GB is sold and shown as 10^9 bytes. */
export const bytesPerGb = 1_000_000_000;

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const exact = new Intl.NumberFormat('en');

function threeDigits(value: number): string {
  const rounded = Math.abs(Number(value.toPrecision(3)));
  return value.toFixed(rounded >= 100 ? 0 : rounded >= 10 ? 1 : 2);
}

/** A count of bytes as a person reads it, in units of 1000: `1.25 GB`. */
export function formatBytes(bytes: number): string {
  const size = Math.abs(bytes);
  if (size < 1000) return `${exact.format(bytes)} B`;
  const power = Math.min(Math.floor(Math.log10(size) / 3), units.length - 1);
  const text = threeDigits(bytes / 1000 ** power);
  // 999.9 MB is as near to 1 GB.
  if (Math.abs(Number(text)) >= 1000 && power < units.length - 1) {
    return formatBytes(Math.sign(bytes) * 1000 ** (power + 1));
  }
  return `${text} ${units[power] ?? 'B'}`;
}

/** The same to the byte: `1,250,000,000 bytes`. */
export function formatExactBytes(bytes: number): string {
  return `${exact.format(bytes)} bytes`;
}

export function formatCount(count: number): string {
  return exact.format(count);
}

/** `2` and `1 exit` or `2 exits`. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${exact.format(count)} ${count === 1 ? one : many}`;
}
