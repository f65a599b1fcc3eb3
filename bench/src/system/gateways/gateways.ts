import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { createApi } from '@marvel/dev-stack/provision/api';
import { parseJson } from '@marvel/shared/parse-json';
import * as v from 'valibot';
import { readUsage } from '../../proc/accounting.ts';
import { BatchAuthor, type SignedBatch } from '../settle/batch-author.ts';
import { openUsageWorld } from '../settle/usage-world.ts';
import type { SystemMeasure } from '../system-measure.ts';

/** How many gateways there are, each time with all of them at work. */
const gatewayCounts = [8, 1000];
const lookCounts = [8, 96];
/** Requests of one sample, however many gateways they are of: enough for seconds. */
const pollsPerSample = 4000;
const batchesPerSample = 1000;
/** Requests under way at once; the counts of gateways are multiples of it, so that one gateway's batches follow each other. */
const atOnce = 8;
/** A gateway that is not at its busiest: what it reports of a second, and credentials whose threads are limited. */
const recordsPerBatch = 20;
const openPerGateway = 5;
const limitedCredentials = 1000;
const maxPages = 1000;

const Page = v.looseObject({ to: v.string(), head: v.string() });

/** What a fleet costs the edge as it grows: polls of gateways that have caught up, and small batches, through the Worker into Postgres. */
export const gateways: SystemMeasure = {
  group: 'gateways',
  what: 'polls and small batches of 8 and of 1,000 enrolled gateways',
  async run(figures, site, extent, signal, say) {
    await site.onAllCores(async () => {
      await using stack = await createStack({ ephemeral: true });
      const api = createApi(stack.edge.url, signal);
      const authors: BatchAuthor[] = [await BatchAuthor.enrol(api, stack.info.operator_token, 'bench-0')];
      await using world = await openUsageWorld(stack.postgres.url, authors[0]?.id ?? '');
      await world.limitThreads();
      const usables = world.usables.slice(0, 1000);
      const credentials = [...new Set(world.usables.map(({ credential }) => credential))].slice(0, limitedCredentials);
      const next = async (n: number) => {
        const open = Array.from({ length: openPerGateway }, (_, k) => at(credentials, n * openPerGateway + k));
        return at(authors, n).next(
          pick(usables),
          new Date(),
          open.map((credential) => ({ credential, tunnels: 1 })),
        );
      };
      for (const count of extent.isLook ? lookCounts : gatewayCounts) {
        while (authors.length < count) {
          authors.push(await BatchAuthor.enrol(api, stack.info.operator_token, `bench-${authors.length}`));
        }
        say(`  gateways: ${count} enrolled`);
        const cursor = await findHead(stack, authors[0]);
        // Once for each: the edge knows it then, and it has said what it has open.
        await eachOf([...authors.keys()], async (n) => {
          await post(stack, await next(n));
          await poll(stack, at(authors, n), cursor);
        });
        for (let round = 0; round < extent.rounds && !signal.aborted; round += 1) {
          const name = `${count.toLocaleString('en-US')} gateways`;
          const head = await findHead(stack, authors[0]);
          const polled = await measure(stack, pollsPerSample, async (n) => poll(stack, at(authors, n), head));
          figures.add(`${name}: a poll that finds nothing, CPU of Postgres`, 'CPU-us', polled.postgresUs);
          figures.add(`${name}: a poll that finds nothing, CPU of the Worker`, 'CPU-us', polled.workerUs);
          const batches: SignedBatch[] = [];
          for (let n = 0; n < batchesPerSample; n += 1) batches.push(await next(n % count));
          const posted = await measure(stack, batchesPerSample, async (n) => post(stack, at(batches, n)));
          figures.add(`${name}: a batch of ${recordsPerBatch} records, CPU of Postgres`, 'CPU-us', posted.postgresUs);
          figures.add(`${name}: a batch of ${recordsPerBatch} records, CPU of the Worker`, 'CPU-us', posted.workerUs);
        }
      }
      const anomalies = await world.anomalies();
      if (anomalies > 0) throw new Error(`${anomalies} anomalies: what was settled is not what was posted`);
    });
  },
};

/** What each of so many requests cost, a few under way at once. */
async function measure(
  stack: Stack,
  count: number,
  ask: (n: number) => Promise<void>,
): Promise<{ readonly postgresUs: number; readonly workerUs: number }> {
  const roots = [stack.info.pids.postgres, stack.info.pids.edge];
  const before = readUsage(roots);
  await eachOf([...Array(count).keys()], ask);
  const [postgresUs = 0, workerUs = 0] = readUsage(roots).map(
    ({ cpuSeconds }, index) => ((cpuSeconds - (before[index]?.cpuSeconds ?? 0)) * 1e6) / count,
  );
  return { postgresUs, workerUs };
}

/** Does the work of all, `atOnce` under way; those that are a multiple of it apart are done one after the other. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const lanes = Array.from({ length: atOnce }, async (_, lane) => {
    for (let n = lane; n < items.length; n += atOnce) await work(at(items, n));
  });
  await Promise.all(lanes);
}

async function poll(stack: Stack, author: BatchAuthor, since: string): Promise<void> {
  await readPage(stack, author, since);
}

async function readPage(stack: Stack, author: BatchAuthor, since: string): Promise<v.InferOutput<typeof Page>> {
  const url = `${stack.edge.url}/v1/gateway/feed?since=${since}&limit=4000`;
  const response = await fetch(url, { headers: { authorization: author.authorization } });
  const body = new Uint8Array(await response.arrayBuffer());
  const page = response.status === 200 ? parseJson(body, Page) : undefined;
  if (page === undefined) throw new Error(`a poll was answered ${response.status}`);
  return page;
}

/** Where the feed ends now. */
async function findHead(stack: Stack, author: BatchAuthor | undefined): Promise<string> {
  if (author === undefined) throw new RangeError('no gateway is enrolled');
  let since = '0';
  for (let pages = 0; pages < maxPages; pages += 1) {
    const { to, head } = await readPage(stack, author, since);
    if (to === head) return head;
    since = to;
  }
  throw new Error('the feed does not end');
}

async function post(stack: Stack, { body, headers }: SignedBatch): Promise<void> {
  const response = await fetch(`${stack.edge.url}/v1/gateway/usage`, { method: 'POST', headers, body });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`a batch was answered ${response.status}: ${text}`);
}

function pick<T>(items: readonly T[]): readonly T[] {
  const start = Math.floor(Math.random() * (items.length - recordsPerBatch));
  return items.slice(start, start + recordsPerBatch);
}

function at<T>(items: readonly T[], n: number): T {
  const item = items[n % items.length];
  if (item === undefined) throw new RangeError('there is none');
  return item;
}
