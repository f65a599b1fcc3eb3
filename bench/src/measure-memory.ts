import { setTimeout as pause } from 'node:timers/promises';
import { type Amount, startLoad } from './load.ts';
import { readUsage } from './proc/accounting.ts';
import type { Sample } from './result.ts';
import type { Site } from './site.ts';
import type { Subject } from './subjects/subject.ts';
import type { Workload } from './workloads.ts';

/** Tunnels opened and closed before the first reading, so that code and pools are in place and not counted. */
const warmUpTunnels = 2000;
const steadyPollMs = 250;
const steadyPolls = 3;
const steadyLimitMs = 10_000;
/** Growth between two polls below which memory stands still. */
const steadyShare = 0.005;

/** Waits until the resident set stands still (or 10 s have passed), and gives it. */
async function steadyResidentKb(root: number): Promise<number> {
  const endsAt = performance.now() + steadyLimitMs;
  let before = readResidentKb(root);
  for (let still = 0; still < steadyPolls && performance.now() < endsAt;) {
    await pause(steadyPollMs);
    const now = readResidentKb(root);
    still = Math.abs(now - before) <= before * steadyShare ? still + 1 : 0;
    before = now;
  }
  return before;
}

function readResidentKb(root: number): number {
  return readUsage([root])[0]?.residentKb ?? 0;
}

/**
 * One sample of how much memory a tunnel takes, of a proxy that is started for it: the growth of the resident set of its
 * process tree, from warm and without tunnels to all of them open (`idle`) or stuck (`slow`).
 *
 * Errors: throws when not all tunnels could be opened.
 */
export async function measureMemory(site: Site, workload: Workload, subject: Subject, amount: Amount): Promise<Sample> {
  await using running = await subject.start(site, workload.topology);
  if (running.pid === undefined) throw new TypeError(`${subject.name} has no process to measure`);
  await using warmUp = await startLoad(site, 'connect', running.door, { ...amount, tunnels: 32, count: warmUpTunnels });
  warmUp.go();
  await warmUp.report();
  const before = await steadyResidentKb(running.pid);

  await using load = await startLoad(site, workload.mode, running.door, amount);
  if (load.shortfall !== '') throw new Error(load.shortfall);
  load.go();
  const after = await steadyResidentKb(running.pid);
  load.stop();
  const report = await load.report();
  if (report.failed > 0) throw new Error(`${report.failed} failed: ${report.why}`);
  return {
    cost: ((after - before) / load.opened) * workload.cost.scale,
    rate: null,
    p50_us: null,
    p99_us: null,
    units: load.opened,
    load_busy: null,
    proxy_busy: null,
  };
}
