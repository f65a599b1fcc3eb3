import type { Amount } from './load.ts';
import { measureCpu } from './measure-cpu.ts';
import { measureMemory } from './measure-memory.ts';
import type { Row, Sample, WorkloadResult } from './result.ts';
import type { Site } from './site.ts';
import type { Running, Subject } from './subjects/subject.ts';
import type { Workload } from './workloads.ts';

/** How much of everything a run does. */
export interface Extent {
  readonly rounds: number;
  readonly seconds: number;
  /** Tunnels of one `connect` sample. */
  readonly count: number;
  /** Seconds of work each subject gets before its first sample counts: caches and leases are warm then. */
  readonly warmUpSeconds: number;
  /** The most of it that subjects get which compile themselves while they run. */
  readonly maxWarmUpSeconds: number;
  /** The most tunnels of one memory sample; less than the workload's own makes it a look, not a measurement. */
  readonly memoryTunnels: number;
  /** Whether what takes minutes is to be done at a small size: a look at whether it runs. */
  readonly isLook: boolean;
}

type Say = (line: string) => void;

/** Tunnels of a `connect` that warms up: time ends it before. */
const maxWarmUpCount = 1_000_000;
/** After this many failures a subject is left out of the rest of a workload. */
const maxFailures = 2;

/** A row while it is made. */
interface Making {
  readonly subject: Subject;
  readonly samples: (Sample | null)[];
  running?: Running;
  failures: number;
  trouble: string | null;
}

/**
 * Runs one workload: every subject once in each round, in an order that turns with the rounds, so that what the machine
 * does meanwhile meets all of them alike. A signal ends it after the sample under way.
 */
export async function runWorkload(
  site: Site,
  workload: Workload,
  subjects: readonly Subject[],
  extent: Extent,
  signal: AbortSignal,
  say: Say,
): Promise<WorkloadResult> {
  const rows = subjects
    .filter((subject) => subject.runs(workload))
    .map((subject): Making => ({ subject, samples: [], failures: 0, trouble: null }));
  await using parts = new AsyncDisposableStack();
  if (workload.cost.kind === 'cpu') {
    for (const row of rows)
      if (!signal.aborted) await attempt(row, say, async () => startWarm(site, workload, row, extent, parts));
  }
  for (let round = 0; round < extent.rounds && !signal.aborted; round += 1) {
    for (let place = 0; place < rows.length; place += 1) {
      const row = rows[(place + round) % rows.length];
      if (row === undefined || signal.aborted) continue;
      const sample =
        row.failures < maxFailures
          ? await attempt(row, say, async () => measure(site, workload, row, extent))
          : undefined;
      row.samples.push(sample ?? null);
    }
    say(`  ${workload.name}: round ${round + 1} of ${extent.rounds}`);
  }
  const { cost } = workload;
  return {
    workload: workload.name,
    what: workload.what,
    unit: cost.unit,
    rate_unit: cost.rate?.unit ?? null,
    latency: cost.latency ?? null,
    rows: rows.map(({ subject, samples, trouble }): Row => ({ subject: subject.name, samples, trouble })),
  };
}

async function startWarm(
  site: Site,
  workload: Workload,
  row: Making,
  extent: Extent,
  parts: AsyncDisposableStack,
): Promise<void> {
  const running = parts.use(await row.subject.start(site, workload.topology));
  row.running = running;
  const seconds =
    row.subject.isCompiledLate === true
      ? Math.min(workload.compileSeconds, extent.maxWarmUpSeconds)
      : extent.warmUpSeconds;
  await measureCpu(site, workload, running, { ...amountOf(workload, extent), seconds, count: maxWarmUpCount });
}

async function measure(site: Site, workload: Workload, row: Making, extent: Extent): Promise<Sample> {
  const amount = amountOf(workload, extent);
  if (workload.cost.kind === 'memory') return measureMemory(site, workload, row.subject, amount);
  if (row.running === undefined) throw new Error(`${row.subject.name} did not start`);
  return measureCpu(site, workload, row.running, amount);
}

function amountOf(workload: Workload, extent: Extent): Amount {
  const isMemory = workload.cost.kind === 'memory';
  return {
    tunnels: isMemory ? Math.min(workload.tunnels, extent.memoryTunnels) : workload.tunnels,
    seconds: extent.seconds,
    count: extent.count,
  };
}

/** A subject that fails loses its sample, never the run of the others. */
async function attempt<T>(row: Making, say: Say, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    row.failures += 1;
    row.trouble = error instanceof Error ? error.message : String(error);
    say(`  ${row.subject.name}: ${row.trouble}`);
    const log = await row.running?.log();
    if (log !== undefined && log !== '') say(log);
    return undefined;
  }
}
