import { describe, expect, test } from 'vitest';
import type { Row, WorkloadResult } from './result.ts';
import { judge, medianRatio } from './targets.ts';

function row(subject: string, costs: readonly (number | null)[]): Row {
  const samples = costs.map((cost) =>
    cost === null ? null : { cost, rate: 1, p50_us: null, p99_us: null, load_busy: null, proxy_busy: null, units: 1 },
  );
  return { subject, samples, trouble: null };
}

function result(...rows: Row[]): { workloads: WorkloadResult[]; figures: [] } {
  const workload = { workload: 'connect', what: '', unit: 'CPU-us/tunnel', rate_unit: null, latency: null, rows };
  return { workloads: [workload], figures: [] };
}

const run = result(row('splice', [70, 700, 80]), row('proxy-chain', [280, 2800, 320]), row('marvel', [140, 1400, 160]));

describe('a target', () => {
  test('is judged by the median of the ratios within each round, so a slow round changes nothing', () => {
    expect(medianRatio(run, 'connect', 'marvel', 'splice')).toBe(2);
    expect(judge({ kind: 'ratio', workload: 'connect', against: 'splice', atMost: 2 }, run)).toEqual({
      wanted: 'connect: at most 2x splice',
      measured: 2,
      passed: true,
    });
    expect(judge({ kind: 'ratio', workload: 'connect', against: 'splice', atMost: 1.9 }, run).passed).toBe(false);
  });

  test('of being cheaper turns the ratio round', () => {
    expect(judge({ kind: 'cheaper', workload: 'connect', against: 'proxy-chain', times: 2 }, run)).toMatchObject({
      measured: 2,
      passed: true,
    });
    expect(judge({ kind: 'cheaper', workload: 'connect', against: 'proxy-chain', times: 2.1 }, run).passed).toBe(false);
  });

  test('on a cost needs no rival', () => {
    expect(judge({ kind: 'cost', workload: 'connect', atMost: 160, unit: 'us' }, run)).toMatchObject({
      measured: 160,
      passed: true,
    });
    expect(judge({ kind: 'cost', workload: 'connect', atMost: 159, unit: 'us' }, run).passed).toBe(false);
  });

  test('on a figure bounds it from either side', () => {
    const figures = [{ figure: 'settle', unit: 'records/s', samples: [4000, 6000, 5500] }];
    const target = { kind: 'figure', figure: 'settle', value: 5000, unit: 'records/s' } as const;
    expect(judge({ ...target, bound: 'at least' }, { workloads: [], figures }).passed).toBe(true);
    expect(judge({ ...target, bound: 'at most' }, { workloads: [], figures }).passed).toBe(false);
  });

  test('is neither passed nor failed by a run that did not measure it', () => {
    const without = result(row('splice', [70]), row('marvel', [null]));
    expect(judge({ kind: 'ratio', workload: 'connect', against: 'splice', atMost: 2 }, without)).toMatchObject({
      measured: undefined,
      passed: undefined,
    });
    expect(judge({ kind: 'cost', workload: 'idle', atMost: 6, unit: 'kB' }, without).passed).toBeUndefined();
  });
});
