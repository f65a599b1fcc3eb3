import { setTimeout as pause } from 'node:timers/promises';
import { type Amount, startLoad } from './load.ts';
import { readUsage, type Usage } from './proc/accounting.ts';
import type { Sample } from './result.ts';
import type { Site } from './site.ts';
import type { Running } from './subjects/subject.ts';
import type { Workload } from './workloads.ts';

const settlePollMs = 30;
const settleLimitMs = 1000;
/** One tick of the kernel's accounting: less than that in two polls is rest. */
const quietSeconds = 0.011;

/** Waits until a process tree has stopped working off what it was given (or a second has passed), and reads its account. */
async function settledUsage(roots: readonly number[]): Promise<readonly Usage[]> {
  const endsAt = performance.now() + settleLimitMs;
  let before = readUsage(roots);
  let quietPolls = 0;
  while (quietPolls < 2 && performance.now() < endsAt) {
    await pause(settlePollMs);
    const now = readUsage(roots);
    quietPolls = totalSeconds(now) - totalSeconds(before) < quietSeconds ? quietPolls + 1 : 0;
    before = now;
  }
  return before;
}

function totalSeconds(usages: readonly Usage[]): number {
  return usages.reduce((sum, one) => sum + one.cpuSeconds, 0);
}

/**
 * One sample of what a unit of work costs. The account of the proxy is read at rest, before the load starts and after its
 * last byte has arrived and been dealt with, so all of the work is in it and none of it is guessed.
 *
 * Errors: throws when a tunnel fails, since a figure of less work than was asked for compares with nothing.
 */
export async function measureCpu(site: Site, workload: Workload, running: Running, amount: Amount): Promise<Sample> {
  await using load = await startLoad(site, workload.mode, running.door, amount);
  if (load.shortfall !== '') throw new Error(load.shortfall);
  const proxyRoots = running.pid === undefined ? [] : [running.pid];
  const loadRoots = [load.pid, site.origin.pid, site.exit.pid];

  const proxyBefore = totalSeconds(await settledUsage(proxyRoots));
  const loadBefore = totalSeconds(readUsage(loadRoots));
  load.go();
  const report = await load.report();
  // The load has ended by now and is a zombie until it is reaped, which keeps its account readable.
  const loadSeconds = totalSeconds(readUsage(loadRoots)) - loadBefore;
  const proxySeconds = totalSeconds(await settledUsage(proxyRoots)) - proxyBefore;
  if (report.failed > 0) throw new Error(`${report.failed} failed: ${report.why}`);
  if (report.units === 0 || report.seconds <= 0) throw new Error('no work was done');

  const { rate, scale, latency } = workload.cost;
  return {
    cost: running.pid === undefined ? null : (proxySeconds / report.units) * scale,
    rate: rate === undefined ? null : report.units / report.seconds / rate.per,
    p50_us: latency === undefined ? null : report.p50_us,
    p99_us: latency === undefined ? null : report.p99_us,
    units: report.units,
    load_busy: loadSeconds / report.seconds,
    proxy_busy: running.pid === undefined ? null : proxySeconds / report.seconds,
  };
}
