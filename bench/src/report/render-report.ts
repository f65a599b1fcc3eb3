import type { BenchResult, Row, Sample, WorkloadResult } from '../result.ts';
import { spread } from '../statistics.ts';
import { costs, judge, judged, medianRatio, type Target, targets } from '../targets.ts';
import { formatNumber, formatOptional, formatSpread, markdownTable } from './format.ts';

/** From here on the load's core sets the pace, so the wall clock says nothing of the proxy. */
const loadBoundShare = 0.9;

/** The whole report of a run, as Markdown. */
export function renderReport(result: BenchResult): string {
  return [
    renderHead(result),
    ...(result.workloads.length === 0 ? [] : [renderSummary(result)]),
    '### Targets\n',
    renderTargets(result),
    ...result.workloads.map((workload) => renderWorkload(result, workload)),
    ...(result.measures.length === 0 ? [] : ['\n### The system\n', renderFigures(result)]),
    ...(result.workloads.length === 0 ? [] : ['\n### Who was measured\n', renderSubjects(result)]),
  ].join('\n');
}

function renderHead({ date, machine, rounds, quick }: BenchResult): string {
  const kind = quick ? ' **A quick look, not a measurement.**' : '';
  return `${date}, ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}, ${rounds} rounds.${kind}\n`;
}

/** One row a proxy, one column a workload. */
function renderSummary(result: BenchResult): string {
  const workloads = result.workloads.filter((one) => one.rows.length > 0);
  const names = result.subjects.map((one) => one.name).filter((name) => name !== 'direct');
  const rows = names.map((name) => [
    name,
    ...workloads.map(({ workload }) => formatOptional(spread(present(costs(result, workload, name)))?.median)),
  ]);
  return [
    '### Cost at a glance\n',
    'Medians of the first figure of each workload: CPU-s per GB, CPU-us per tunnel, round trip or request, kB per tunnel.\n',
    `${markdownTable(['proxy', ...workloads.map((one) => one.workload)], rows)}\n`,
  ].join('\n');
}

function renderTargets(result: BenchResult): string {
  const rows = targets
    .filter((target) => isAbout(target, result))
    .map((target) => {
      const { wanted, measured, passed } = judge(target, result);
      return [wanted, formatOptional(measured), passed === undefined ? 'not measured' : passed ? 'pass' : 'FAIL'];
    });
  return markdownTable([`target of ${judged}`, 'measured', 'verdict'], rows);
}

/** A run of a part is not reproached with the rest. */
function isAbout(target: Target, { workloads, measures }: BenchResult): boolean {
  return target.kind === 'figure'
    ? measures.some(({ group }) => target.figure.startsWith(group))
    : workloads.some((one) => one.workload === target.workload);
}

function renderWorkload(result: BenchResult, workload: WorkloadResult): string {
  const { rate_unit: rateUnit, latency } = workload;
  const head = [
    'proxy',
    `${workload.unit}, median (min to max)`,
    'x splice',
    'x proxy-chain',
    ...(rateUnit === null ? [] : [rateUnit]),
    ...(latency === null ? [] : [`${latency} p50 us`, 'p99 us']),
    ...(rateUnit === null ? [] : ['core busy', 'load busy']),
  ];
  const rows = workload.rows.map((row) => {
    const compare = (to: string) => formatOptional(medianRatio(result, workload.workload, row.subject, to));
    return [
      row.subject,
      formatSpread(figures(row, (sample) => sample.cost)),
      compare('splice'),
      compare('proxy-chain'),
      ...(rateUnit === null ? [] : [formatSpread(figures(row, (sample) => sample.rate))]),
      ...(latency === null ? [] : [median(row, (sample) => sample.p50_us), median(row, (sample) => sample.p99_us)]),
      ...(rateUnit === null ? [] : [percent(row, (sample) => sample.proxy_busy), loadBusy(row)]),
    ];
  });
  const troubles = workload.rows.flatMap((row) => (row.trouble === null ? [] : [`${row.subject}: ${row.trouble}`]));
  return [
    `\n### ${workload.workload}\n`,
    `${workload.what}.\n`,
    markdownTable(head, rows),
    ...(troubles.length === 0 ? [] : ['', ...troubles.map((trouble) => `- ${firstLine(trouble)}`)]),
  ].join('\n');
}

function renderFigures(result: BenchResult): string {
  const rows = result.figures.map(({ figure, unit, samples }) => [figure, formatSpread(spread(samples)), unit]);
  const troubles = result.measures.flatMap(({ group, trouble }) =>
    trouble === null ? [] : [`- ${group}: ${firstLine(trouble)}`],
  );
  return [
    ...(rows.length === 0 ? [] : [markdownTable(['figure', 'median (min to max)', 'unit'], rows)]),
    ...(troubles.length === 0 ? [] : ['', ...troubles]),
  ].join('\n');
}

function renderSubjects(result: BenchResult): string {
  return result.subjects
    .map(({ name, note, version, missing }) => {
      const state = missing === null ? (version === null ? '' : ` (${version})`) : `. Not here: \`${missing}\``;
      return `- \`${name}\`: ${note}${state}`;
    })
    .join('\n');
}

function figures(row: Row, pick: (sample: Sample) => number | null) {
  return spread(row.samples.flatMap((sample) => (sample === null ? [] : (pick(sample) ?? []))));
}

function median(row: Row, pick: (sample: Sample) => number | null): string {
  return formatOptional(figures(row, pick)?.median);
}

function percent(row: Row, pick: (sample: Sample) => number | null): string {
  const value = figures(row, pick)?.median;
  return value === undefined ? '-' : `${formatNumber(value * 100)}%`;
}

/** Marks the rows whose wall clock is that of the load. */
function loadBusy(row: Row): string {
  const busy = figures(row, (sample) => sample.load_busy)?.median;
  return percent(row, (sample) => sample.load_busy) + (busy !== undefined && busy >= loadBoundShare ? ' *' : '');
}

function present(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
