import { expect, test } from 'vitest';
import type { BenchResult, Row } from '../result.ts';
import { renderReport } from './render-report.ts';

function row(subject: string, costs: readonly (number | null)[], loadBusy: number): Row {
  const samples = costs.map((cost) => ({
    cost,
    rate: 1000,
    p50_us: 500,
    p99_us: 2000,
    load_busy: loadBusy,
    proxy_busy: cost === null ? null : 1,
    units: 10,
  }));
  return { subject, samples, trouble: null };
}

const result: BenchResult = {
  date: '2026-01-01',
  rounds: 2,
  quick: false,
  machine: { cpu: 'a processor', cores: 2, kernel: '6.0', node: '24.0.0' },
  subjects: [
    { name: 'direct', note: 'no proxy', version: null, missing: null },
    { name: 'splice', note: 'the limit', version: null, missing: null },
    { name: 'marvel', note: 'ours', version: null, missing: null },
    { name: 'squid', note: 'a peer', version: null, missing: 'apt-get install squid' },
  ],
  workloads: [
    {
      workload: 'connect',
      what: 'open and close',
      unit: 'CPU-us/tunnel',
      rate_unit: 'tunnels/s',
      latency: 'set-up',
      rows: [
        row('direct', [null, null], 0.97),
        row('splice', [70, 80], 0.5),
        row('marvel', [140, 160], 0.4),
        { subject: 'squid', samples: [null, null], trouble: 'does not listen\nlong log' },
      ],
    },
  ],
  figures: [{ figure: 'revoke: p99', unit: 's', samples: [1, 1.5] }],
  measures: [
    { group: 'revoke', trouble: null },
    { group: 'settle', trouble: 'no database\nstack trace' },
  ],
};

const report = renderReport(result);
const cells = (start: string) =>
  report
    .split('\n')
    .find((line) => line.startsWith(start))
    ?.split('|')
    .map((cell) => cell.trim())
    .slice(2, -1);

test('a row has its spread, its ratios within each round, its speed and latencies', () => {
  const details = report.slice(report.indexOf('### connect'));
  const line = details.split('\n').find((one) => one.startsWith('| marvel')) ?? '';
  expect(line.replaceAll(/ +/g, ' ')).toBe(
    '| marvel | 150 (140 to 160) | 2.00 | - | 1,000 (1,000 to 1,000) | 500 | 2,000 | 100% | 40.0% |',
  );
});

test('the row without a proxy has no cost, and shows that the load set its pace', () => {
  const details = report.slice(report.indexOf('### connect'));
  const line = details.split('\n').find((one) => one.startsWith('| direct')) ?? '';
  expect(line.replaceAll(/ +/g, ' ')).toBe(
    '| direct | - | - | - | 1,000 (1,000 to 1,000) | 500 | 2,000 | - | 97.0% * |',
  );
});

test('the overview holds each proxy once, with a dash for what it did not do', () => {
  expect([cells('| splice'), cells('| marvel'), cells('| squid')]).toEqual([['75.0'], ['150'], ['-']]);
});

test('each target of what was run is judged, or said to be not measured', () => {
  expect(report).toMatch(/connect: at most 2\.2x splice +\| +2\.00 \| +pass/);
  expect(report).toMatch(/connect: at least 1\.7x cheaper than proxy-chain +\| +- \| not measured/);
  expect(report).toMatch(/revoke: p99: at most 2 s +\| +1\.25 +\| +pass/);
  expect(report).toMatch(/8 gateways: records: at least 5000 records\/s +\| +- \| not measured/);
  expect(report).not.toContain('idle: at most');
  expect(report).not.toContain('keys: load: at most');
});

test('what failed and what is missing is said, in one line each', () => {
  expect(report).toContain('- squid: does not listen\n');
  expect(report).toContain('- settle: no database\n');
  expect(report).not.toContain('long log');
  expect(report).not.toContain('stack trace');
  expect(report).toContain('Not here: `apt-get install squid`');
});

test('figures of the whole system have their own table', () => {
  expect(report).toMatch(/\| revoke: p99 +\| +1\.25 \(1\.00 to 1\.50\)/);
});
