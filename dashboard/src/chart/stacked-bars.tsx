import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { theme } from '../session/theme.ts';
import type { Bars } from './series.ts';

interface StackedBarsProps {
  readonly bars: Bars;
  readonly formatValue: (value: number) => string;
  readonly formatTime: (atMs: number) => string;
  /** What the chart shows, in words. */
  readonly summary: string;
}

const heightPx = 250;
const barShare = 0.72;
const maxBarPx = 44;

/** A colour of the style sheet as a canvas takes it: resolved for the theme. */
function colorOf(element: Element, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Each series with those below it added, the topmost first: drawn in this order the lower ones cover the upper. */
function stack({ series }: Bars): readonly (readonly number[])[] {
  const sums: number[][] = [];
  for (const { values } of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, index) => value + (below?.[index] ?? 0)));
  }
  return sums.toReversed();
}

interface Tip {
  readonly index: number;
  readonly leftPx: number;
  readonly isRight: boolean;
}

function options(
  { bars, formatValue, formatTime }: StackedBarsProps,
  host: Element,
  library: typeof uPlot,
  onTip: (tip: Tip | undefined) => void,
): uPlot.Options {
  const { times } = bars;
  const count = bars.series.length;
  // The first and the last bar stand as far from the edge as from one another.
  const halfS = ((times[1] ?? 0) - (times[0] ?? 0)) / 2000 || 1800;
  const ink = colorOf(host, '--ink-soft');
  const line = colorOf(host, '--line');
  const font = `12px ${getComputedStyle(host).fontFamily}`;
  const paths = library.paths.bars?.({ size: [barShare, maxBarPx], radius: 0.12 });
  const axis = { stroke: ink, font, ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return {
    width: host.clientWidth,
    height: heightPx,
    padding: [12, 4, 0, 0],
    legend: { show: false },
    cursor: { points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: () => [(times[0] ?? 0) / 1000 - halfS, (times.at(-1) ?? 0) / 1000 + halfS] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.06 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 72,
        values: (_, splits) => splits.map((at) => formatTime(at * 1000)),
      },
      {
        ...axis,
        size: 68,
        space: 44,
        values: (_, splits) => splits.map((value) => (value === 0 ? '0' : formatValue(value))),
      },
    ],
    series: [
      {},
      ...Array.from({ length: count }, (_, index) => {
        const fill = colorOf(host, `--series-${Math.min(count - index, 6)}`);
        return { fill, stroke: fill, width: 0, points: { show: false }, ...(paths === undefined ? {} : { paths }) };
      }),
    ],
    hooks: {
      setCursor: [
        ({ cursor: { idx, left }, over }) => {
          if (idx === null || idx === undefined || left === undefined || left < 0) return onTip(undefined);
          const isRight = left > over.clientWidth / 2;
          return onTip({ index: idx, leftPx: over.offsetLeft + left, isRight });
        },
      ],
    },
  };
}

/** Bars over time on a canvas. What it shows can be read in the table that goes with it. */
export function StackedBars(props: StackedBarsProps) {
  const { bars, formatValue, formatTime, summary } = props;
  const host = useRef<HTMLDivElement>(null);
  const tip = useSignal<Tip | undefined>(undefined);
  const shade = theme.value;
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    let chart: uPlot | undefined;
    let isWanted = true;
    const isDark = window.matchMedia('(prefers-color-scheme: dark)');
    function draw(target: HTMLElement, library: typeof uPlot): void {
      if (!isWanted) return;
      chart?.destroy();
      const given = options(props, target, library, (next) => (tip.value = next));
      const rows = stack(bars).map((values) => [...values]);
      const data: uPlot.AlignedData = [bars.times.map((at) => at / 1000), ...rows];
      chart = new library({ ...given, tzDate: (at) => library.tzDate(new Date(at * 1000), 'UTC') }, data, target);
    }
    // The numbers are in the table too, should the chart's code not come.
    const redraw = () => {
      import('uplot').then(
        ({ default: library }) => draw(element, library),
        () => undefined,
      );
    };
    const sizes = new ResizeObserver(() => chart?.setSize({ width: element.clientWidth, height: heightPx }));
    redraw();
    sizes.observe(element);
    isDark.addEventListener('change', redraw);
    return () => {
      isWanted = false;
      sizes.disconnect();
      isDark.removeEventListener('change', redraw);
      chart?.destroy();
    };
  }, [bars, shade]);
  const shown = tip.value;
  const at = shown === undefined ? undefined : bars.times[shown.index];
  return (
    <div class="chart-frame">
      <div class="chart" ref={host} role="img" aria-label={summary} />
      {shown !== undefined && at !== undefined && (
        <div
          class="chart-tip"
          aria-hidden="true"
          style={{
            left: `${shown.leftPx}px`,
            transform: shown.isRight ? 'translateX(calc(-100% - 12px))' : 'translateX(12px)',
          }}
        >
          <strong>{formatTime(at)}</strong>
          {bars.series.map(({ name, values }, index) => (
            <span class="row" key={name}>
              <span class={`swatch swatch-${Math.min(index + 1, 6)}`} />
              <span>{name}</span>
              <span class="num">{formatValue(values[shown.index] ?? 0)}</span>
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

/** Which colour is whose. */
export function Legend({ bars }: { readonly bars: Bars }) {
  return (
    <ul class="legend-list">
      {bars.series.map(({ name }, index) => (
        <li key={name}>
          <span class={`swatch swatch-${Math.min(index + 1, 6)}`} />
          {name}
        </li>
      ))}
    </ul>
  );
}
