import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { createApi } from '@marvel/dev-stack/provision/api';
import { maxBatchRecords } from '@marvel/shared/usage-batch';
import { readUsage } from '../../proc/accounting.ts';
import { percentile } from '../../statistics.ts';
import type { Figures } from '../figures.ts';
import type { SystemMeasure } from '../system-measure.ts';
import { BatchAuthor, type SignedBatch } from './batch-author.ts';
import { openUsageWorld, type UsageWorld } from './usage-world.ts';

/** How many gateways post at once; the target is for eight, and tables grow under eight. */
const gatewayCounts = [1, 8, 64];
const judgedGateways = 8;
const usageRows = [100_000, 10_000_000];
const lookRows = [10_000, 100_000];
/** At least so many batches in one sample, so that it takes seconds. */
const batchesPerSample = 24;
const lookBatches = 8;
/** Samples that do not count: the Worker and the database's connections are warm then, and after a filling its pages. */
const firstWarmUps = 4;
/**
 * Each sample is put down to an hour of its own, before those that the tables were filled with: so that a sample finds as
 * few rows of its hour as any other, and the later ones do not seem cheaper. The edge takes up to 720 hours.
 */
const firstFreshHour = 300;
const hourMs = 3_600_000;
const postLimitMs = 60_000;

/** What one sample showed. */
interface Sample {
  readonly recordsPerSecond: number;
  readonly cpuUsPerRecord: number;
  readonly postMs: readonly number[];
}

/** How fast usage becomes money: full batches through the real Worker into real Postgres, on all cores. */
export const settle: SystemMeasure = {
  group: 'settle',
  what: 'usage batches of 1,000 records posted by 1, 8 and 64 gateways through the Worker into Postgres',
  async run(figures, site, extent, signal, say) {
    const sizes = extent.isLook ? lookRows : usageRows;
    const batches = extent.isLook ? lookBatches : batchesPerSample;
    await site.onAllCores(async () => {
      await using stack = await createStack({ ephemeral: true });
      const api = createApi(stack.edge.url, signal);
      const authors: BatchAuthor[] = [];
      for (let n = 0; n < Math.max(...gatewayCounts); n += 1) {
        authors.push(await BatchAuthor.enrol(api, stack.info.operator_token, `bench-${n}`));
      }
      await using world = await openUsageWorld(stack.postgres.url, authors[0]?.id ?? '');
      const costs: number[][] = [];
      let freshHour = firstFreshHour;
      for (const rows of sizes) {
        say(`  settle: filling up to ${rows} rows of usage`);
        await world.growTo(rows);
        for (let warmUp = 0; warmUp < (rows === sizes[0] ? firstWarmUps : 1); warmUp += 1) {
          await sampleOnce(stack, world, authors.slice(0, judgedGateways), batches, freshHour);
          freshHour += 1;
        }
        const costsHere: number[] = [];
        for (const gateways of rows === sizes[0] ? gatewayCounts : [judgedGateways]) {
          for (let round = 0; round < extent.rounds && !signal.aborted; round += 1) {
            const sample = await sampleOnce(stack, world, authors.slice(0, gateways), batches, freshHour);
            freshHour += 1;
            addSample(figures, `settle, ${rows.toLocaleString('en-US')} rows, ${gateways} gateways`, sample);
            if (gateways === judgedGateways) costsHere.push(sample.cpuUsPerRecord);
          }
          say(`  settle: ${gateways} gateways on ${rows} rows of usage`);
        }
        costs.push(costsHere);
      }
      addGrowth(figures, costs);
      const anomalies = await world.anomalies();
      if (anomalies > 0) throw new Error(`${anomalies} anomalies: what was settled is not what was posted`);
    });
  },
};

/** Every author posts its batches one after the other, as a gateway does, and all authors at once. */
async function sampleOnce(
  stack: Stack,
  world: UsageWorld,
  authors: readonly BatchAuthor[],
  batches: number,
  hoursAgo: number,
): Promise<Sample> {
  const perAuthor = Math.ceil(batches / authors.length);
  const closedAt = new Date(Date.now() - hoursAgo * hourMs);
  const posts: SignedBatch[][] = [];
  for (const author of authors) {
    const own: SignedBatch[] = [];
    for (let n = 0; n < perAuthor; n += 1) own.push(await author.next(world.usables, closedAt));
    posts.push(own);
  }
  const roots = [stack.info.pids.postgres, stack.info.pids.edge];
  const url = `${stack.edge.url}/v1/gateway/usage`;
  const postMs: number[] = [];
  const cpuBefore = cpuSeconds(roots);
  const startedMs = performance.now();
  await Promise.all(
    posts.map(async (own) => {
      for (const batch of own) postMs.push(await post(url, batch));
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  const records = posts.length * perAuthor * maxBatchRecords;
  return {
    recordsPerSecond: records / seconds,
    cpuUsPerRecord: ((cpuSeconds(roots) - cpuBefore) * 1e6) / records,
    postMs,
  };
}

async function post(url: string, { body, headers }: SignedBatch): Promise<number> {
  const startedMs = performance.now();
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(postLimitMs) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`a batch was answered ${response.status}: ${text}`);
  return performance.now() - startedMs;
}

function cpuSeconds(roots: readonly number[]): number {
  return readUsage(roots).reduce((sum, usage) => sum + usage.cpuSeconds, 0);
}

function addSample(figures: Figures, name: string, { recordsPerSecond, cpuUsPerRecord, postMs }: Sample): void {
  figures.add(`${name}: records`, 'records/s', recordsPerSecond);
  figures.add(`${name}: CPU of Postgres and Worker`, 'CPU-us/record', cpuUsPerRecord);
  for (const percent of [50, 99]) {
    const value = percentile(postMs, percent);
    if (value !== undefined) figures.add(`${name}: post p${percent}`, 'ms', value);
  }
}

/** How much more a record costs when the tables are at their largest, round by round. */
function addGrowth(figures: Figures, costs: readonly (readonly number[])[]): void {
  const first = costs[0] ?? [];
  const last = costs.at(-1) ?? [];
  for (const [round, cost] of last.entries()) {
    const before = first[round];
    if (before !== undefined)
      figures.add('settle: cost of a record, largest against smallest tables', 'x', cost / before);
  }
}
