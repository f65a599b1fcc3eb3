import { compareCursors, type FeedPage, type FeedRecord } from '@marvel/shared/feed';
import { onTestFinished } from 'vitest';
import { createEdgeClient } from '../src/edge-client.ts';
import { createFeed, type Feed, type FeedOptions } from '../src/feed/feed.ts';
import type { FeedEvent } from '../src/feed/feed-event.ts';
import { accountRecord, digestOf, exitRecord, fleetRecord, keyRecord } from './records.ts';
import { EventLog } from './event-log.ts';
import { type EdgeAnswer, edgeKeys, signedAnswer, startEdge } from './scripted-edge.ts';

/** An edge that serves a log of records, each with a place of its own, as the real one would. */
export async function startFeedEdge() {
  const edge = {
    log: [] as FeedRecord[],
    epoch: 1,
    pageRecords: 10_000,
    /** Answers instead of the log, once each. */
    next: [] as ((honest: FeedPage) => EdgeAnswer | Promise<EdgeAnswer>)[],
    asked: [] as string[],
    add(...records: FeedRecord[]) {
      edge.log.push(...records);
    },
    page: (since: string, limit: number): FeedPage => {
      const places = edge.log.map((record, index) => ({ record, place: `${index + 1}.1` }));
      const records = places
        .filter(({ place }) => compareCursors(place, since) > 0)
        .slice(0, Math.min(limit, edge.pageRecords));
      return {
        fleet: 'test',
        epoch: edge.epoch,
        from: since,
        to: records.at(-1)?.place ?? since,
        head: places.at(-1)?.place ?? since,
        elsewhere: [],
        issued_at: new Date().toISOString(),
        expires_at: new Date(Date.now() + 60_000).toISOString(),
        records: records.map(({ record }) => record),
      };
    },
  };
  const server = await startEdge(async ({ url }) => {
    const since = url.searchParams.get('since') ?? '';
    edge.asked.push(since);
    const honest = edge.page(since, Number(url.searchParams.get('limit')));
    const scripted = edge.next.shift();
    return scripted === undefined ? signedAnswer(honest, 'marvel-feed-page', edgeKeys.signer) : scripted(honest);
  });
  onTestFinished(() => server.stop());
  return Object.assign(edge, { server });
}

export type FeedEdge = Awaited<ReturnType<typeof startFeedEdge>>;

export async function startFeed(edge: FeedEdge, options: Partial<FeedOptions> = {}) {
  const client = createEdgeClient({ url: edge.server.url, token: 'gw_test' });
  const events = new EventLog<FeedEvent>();
  const feed = createFeed({
    edge: client,
    fleet: 'test',
    keys: edgeKeys.keys,
    now: () => performance.now(),
    pollIntervalMs: 5,
    report: events.report,
    ...options,
  });
  onTestFinished(async () => {
    await feed.close();
    await client.close();
  });
  await feed.start();
  return { feed, events };
}

export function tombstone(id: string): FeedRecord {
  return { kind: 'tombstone', of: 'key', id };
}

export function knows(feed: Feed, key: string): boolean {
  return feed.view.keyByDigest(digestOf(key)) !== undefined;
}

/** Accounts and keys, 50 of each. */
export const many = Array.from({ length: 50 }, (_, index) => [
  accountRecord(`acc_${1000 + index}`, { balance_bytes: index }),
  keyRecord(`key_${1000 + index}`, { account: `acc_${1000 + index}`, limits: index % 3 === 0 ? { threads: 2 } : {} }),
]).flat();
/** Records of several kinds; 82 remain of them. */
export const mixed: FeedRecord[] = [
  ...many,
  fleetRecord(),
  exitRecord('ext_0001'),
  ...many
    .filter((record) => record.kind === 'key')
    .slice(0, 20)
    .map((record) => tombstone(record.id)),
  accountRecord('acc_1001', { balance_bytes: -7 }),
];
