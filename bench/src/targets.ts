import type { BenchResult } from './result.ts';
import { pairedRatios, spread } from './statistics.ts';

/** The subject that the targets judge. */
export const judged = 'marvel';

/** What a figure of the gateway has to be: a bound on it, or on how it compares with another subject of the same run. */
export type Target =
  | { readonly kind: 'ratio'; readonly workload: string; readonly against: string; readonly atMost: number }
  | { readonly kind: 'cheaper'; readonly workload: string; readonly against: string; readonly times: number }
  | { readonly kind: 'cost'; readonly workload: string; readonly atMost: number; readonly unit: string }
  | {
      readonly kind: 'figure';
      readonly figure: string;
      readonly bound: 'at most' | 'at least';
      readonly value: number;
      readonly unit: string;
    };

/** How a target stands after a run; `undefined` where the run did not measure what it takes. */
export interface Verdict {
  readonly wanted: string;
  readonly measured: number | undefined;
  readonly passed: boolean | undefined;
}

const millionKeys = 'state, 1,000,000 keys';
const bulkWork = ['down-16', 'down-200', 'up-16', 'up-200', 'two-hop-down', 'two-hop-up'];

/** What the gateway is to reach, everything switched on. */
export const targets: readonly Target[] = [
  ...bulkWork.flatMap((workload): Target[] => [
    { kind: 'ratio', workload, against: 'splice', atMost: 2.2 },
    { kind: 'cheaper', workload, against: 'proxy-chain', times: 1.5 },
    { kind: 'cheaper', workload, against: 'node-pipe', times: 1.5 },
  ]),
  { kind: 'ratio', workload: 'connect', against: 'splice', atMost: 2.2 },
  { kind: 'cheaper', workload: 'connect', against: 'proxy-chain', times: 1.7 },
  { kind: 'ratio', workload: 'two-hop-connect', against: 'splice', atMost: 2.2 },
  { kind: 'cheaper', workload: 'two-hop-connect', against: 'proxy-chain', times: 2.2 },
  { kind: 'ratio', workload: 'http', against: 'proxy-chain', atMost: 0.2 },
  { kind: 'cheaper', workload: 'http', against: 'squid', times: 1 },
  { kind: 'cost', workload: 'idle', atMost: 6, unit: 'kB/tunnel' },
  { kind: 'cost', workload: 'slow', atMost: 160, unit: 'kB/tunnel' },
  { kind: 'figure', figure: `${millionKeys}: load`, bound: 'at most', value: 20, unit: 's' },
  { kind: 'figure', figure: `${millionKeys}: resident memory above empty`, bound: 'at most', value: 350, unit: 'MB' },
  { kind: 'figure', figure: `${millionKeys}: look-up`, bound: 'at most', value: 2, unit: 'us' },
  { kind: 'figure', figure: `${millionKeys}: 1,000 changed records`, bound: 'at most', value: 20, unit: 'ms' },
  { kind: 'figure', figure: `${millionKeys}: longest pause while serving`, bound: 'at most', value: 50, unit: 'ms' },
  {
    kind: 'figure',
    figure: 'settle, 100,000 rows, 8 gateways: records',
    bound: 'at least',
    value: 5000,
    unit: 'records/s',
  },
  {
    kind: 'figure',
    figure: 'settle: cost of a record, largest against smallest tables',
    bound: 'at most',
    value: 1.3,
    unit: 'x',
  },
  { kind: 'figure', figure: 'revoke: p99', bound: 'at most', value: 2, unit: 's' },
];

/** Judges one target by a run. */
export function judge(target: Target, result: Pick<BenchResult, 'workloads' | 'figures'>): Verdict {
  switch (target.kind) {
    case 'ratio': {
      const measured = medianRatio(result, target.workload, judged, target.against);
      return verdict(`${target.workload}: at most ${target.atMost}x ${target.against}`, measured, (value) => {
        return value <= target.atMost;
      });
    }
    case 'cheaper': {
      const measured = medianRatio(result, target.workload, target.against, judged);
      const wanted =
        target.times === 1
          ? `${target.workload}: cheaper than ${target.against}`
          : `${target.workload}: at least ${target.times}x cheaper than ${target.against}`;
      return verdict(wanted, measured, (value) => value >= target.times);
    }
    case 'cost': {
      const measured = spread(present(costs(result, target.workload, judged)))?.median;
      return verdict(`${target.workload}: at most ${target.atMost} ${target.unit}`, measured, (value) => {
        return value <= target.atMost;
      });
    }
    case 'figure': {
      const samples = result.figures.find((one) => one.figure === target.figure)?.samples ?? [];
      const wanted = `${target.figure}: ${target.bound} ${target.value} ${target.unit}`;
      return verdict(wanted, spread(samples)?.median, (value) =>
        target.bound === 'at most' ? value <= target.value : value >= target.value,
      );
    }
  }
}

/** The median over the rounds of how much more one subject cost than another; `undefined` without a common round. */
export function medianRatio(
  result: Pick<BenchResult, 'workloads'>,
  workload: string,
  of: string,
  to: string,
): number | undefined {
  return spread(pairedRatios(costs(result, workload, of), costs(result, workload, to)))?.median;
}

/** The cost of a subject at a workload in each round, in order; `undefined` for a round without one. */
export function costs(
  result: Pick<BenchResult, 'workloads'>,
  workload: string,
  subject: string,
): readonly (number | undefined)[] {
  const rows = result.workloads.find((one) => one.workload === workload)?.rows ?? [];
  const samples = rows.find((row) => row.subject === subject)?.samples ?? [];
  return samples.map((sample) => sample?.cost ?? undefined);
}

function verdict(wanted: string, measured: number | undefined, passes: (value: number) => boolean): Verdict {
  return { wanted, measured, passed: measured === undefined ? undefined : passes(measured) };
}

function present(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined);
}
