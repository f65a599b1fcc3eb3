import type { Spread } from '../statistics.ts';

/** A number with three significant digits, and no fraction from a thousand on: `0.155`, `12.3`, `12,345`. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 999.5) return Math.round(value).toLocaleString('en-US');
  return size >= 99.95 ? value.toFixed(0) : size >= 9.995 ? value.toFixed(1) : value.toFixed(size >= 0.9995 ? 2 : 3);
}

/** `median (min to max)`; a dash for nothing. */
export function formatSpread(spread: Spread | undefined): string {
  if (spread === undefined) return '-';
  return `${formatNumber(spread.median)} (${formatNumber(spread.min)} to ${formatNumber(spread.max)})`;
}

/** A dash for nothing. */
export function formatOptional(value: number | undefined, suffix = ''): string {
  return value === undefined ? '-' : formatNumber(value) + suffix;
}

/** A table of Markdown, its columns aligned for whoever reads it in a terminal: text to the left, the rest to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => head.map((_, column) => (row[column] ?? '').replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)].join('\n');
}
