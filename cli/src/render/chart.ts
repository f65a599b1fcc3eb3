import { printable, type Paint } from './paint.ts';

/** A bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;
const minBarWidth = 10;

/** Bars from the left, the longest as wide as there is room. */
export function barChart(
  bars: readonly Bar[],
  columns: number,
  format: (value: number) => string,
  paint: Paint,
): string {
  const longest = Math.max(1, ...bars.map(({ value }) => value));
  const labels = bars.map(({ label }) => printable(label));
  const labelWidth = Math.max(0, ...labels.map((label) => label.length));
  const valueWidth = Math.max(0, ...bars.map(({ value }) => format(value).length));
  const width = Math.max(minBarWidth, columns - labelWidth - valueWidth - 4);
  return bars
    .map(({ value }, index) => {
      const bar = barOf(value / longest, width);
      return `${(labels[index] ?? '').padEnd(labelWidth)}  ${format(value).padStart(valueWidth)}  ${paint.good(bar)}`.trimEnd();
    })
    .join('\n');
}

function barOf(share: number, width: number): string {
  const steps = share === 0 ? 0 : Math.max(1, Math.round(share * width * 8));
  return '█'.repeat(Math.floor(steps / 8)) + (eighths[steps % 8] ?? '');
}
