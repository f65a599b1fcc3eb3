import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareCursors, type FeedPage, type FeedRecord } from '@marvel/shared/feed';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createEdgeClient } from '../edge-client.ts';
import { EventLog, eventually } from '../testing/event-log.ts';
import type { FleetChange } from '../fleet-view.ts';
import { type EdgeAnswer, type KeyPair, newKeyPair, signedAnswer, startEdge } from '../testing/scripted-edge.ts';
import { createFeed, type Feed, type FeedOptions } from './feed.ts';
import type { FeedEvent } from './feed-event.ts';
import { accountRecord, canonical, digestOf, exitRecord, fleetRecord, keyRecord } from './records.fixture.ts';

let pair: KeyPair;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  pair = await newKeyPair('feed-1');
});
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** An edge that serves a log of records, each with a place of its own, as the real one would. */
async function startFeedEdge() {
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
    return scripted === undefined ? signedAnswer(honest, 'marvel-feed-page', pair.signer) : scripted(honest);
  });
  open.push(() => server.stop());
  return Object.assign(edge, { server });
}

type FeedEdge = Awaited<ReturnType<typeof startFeedEdge>>;

async function startFeed(edge: FeedEdge, options: Partial<FeedOptions> = {}) {
  const client = createEdgeClient({ url: edge.server.url, token: 'gw_test' });
  const events = new EventLog<FeedEvent>();
  const feed = createFeed({
    edge: client,
    fleet: 'test',
    keys: pair.keys,
    now: () => performance.now(),
    pollIntervalMs: 5,
    report: events.report,
    ...options,
  });
  open.push(async () => {
    await feed.close();
    await client.close();
  });
  await feed.start();
  return { feed, events };
}

function tombstone(id: string): FeedRecord {
  return { kind: 'tombstone', of: 'key', id };
}

function knows(feed: Feed, key: string): boolean {
  return feed.view.keyByDigest(digestOf(key)) !== undefined;
}

const many = Array.from({ length: 50 }, (_, index) => [
  accountRecord(`acc_${1000 + index}`, { balance_bytes: index }),
  keyRecord(`key_${1000 + index}`, { account: `acc_${1000 + index}`, limits: index % 3 === 0 ? { threads: 2 } : {} }),
]).flat();
const mixed: FeedRecord[] = [
  ...many,
  fleetRecord(),
  exitRecord('ext_0001'),
  ...many
    .filter((record) => record.kind === 'key')
    .slice(0, 20)
    .map((record) => tombstone(record.id)),
  accountRecord('acc_1001', { balance_bytes: -7 }),
];

test.each([1, 7, 100, 10_000])(
  'pages of %d records give the same state, and nothing is served before the last',
  async (size) => {
    const edge = await startFeedEdge();
    edge.add(...mixed);
    edge.pageRecords = size;
    const { feed, events } = await startFeed(edge);
    expect(feed.view.isReady).toBe(false);
    await feed.whenReady();
    expect(events.of('feed_page').length).toBe(Math.ceil(mixed.length / size));
    expect((await events.until('feed_ready')).records).toBe(50 + 30 + 1 + 1);
    expect(feed.view.fleetSize).toBe(3);
    expect(feed.view.account('acc_1001')?.balance_bytes).toBe(-7);
    expect(many.filter((record) => record.kind === 'key' && knows(feed, record.id))).toHaveLength(30);
    expect(feed.view.isStale()).toBe(false);
  },
);

test('a revoked key is gone with the next page, and listeners hear of it; nothing is told of the first load but a reset', async () => {
  const edge = await startFeedEdge();
  edge.add(accountRecord('acc_0001'), keyRecord('key_0001'), keyRecord('key_0002'));
  const { feed } = await startFeed(edge);
  const changes: FleetChange[] = [];
  const stop = feed.view.onChange((change) => changes.push(change));
  await feed.whenReady();
  edge.add(tombstone('key_0001'));
  await eventually(() => expect(knows(feed, 'key_0001')).toBe(false));
  expect(knows(feed, 'key_0002')).toBe(true);
  expect(changes).toEqual([{ kind: 'reset' }, tombstone('key_0001')]);
  stop();
  edge.add(tombstone('key_0002'));
  await eventually(() => expect(knows(feed, 'key_0002')).toBe(false));
  expect(changes).toHaveLength(2);
});

const anHour = 3_600_000;
const inAnHour = () => Date.now() + anHour + 1000;
const at = (ms: number) => new Date(Date.now() + ms).toISOString();
const badPages: readonly [reason: string, (honest: FeedPage) => Promise<EdgeAnswer>][] = [
  ['signature_missing', async (page) => ({ status: 200, body: Buffer.from(JSON.stringify(page)) })],
  ['signature_unknown_key', async (page) => signedAnswer(page, 'marvel-feed-page', (await newKeyPair('other')).signer)],
  ['signature_invalid', async (page) => signedAnswer(page, 'marvel-feed-page', (await newKeyPair('feed-1')).signer)],
  ['signature_wrong_kind', (page) => signedAnswer(page, 'marvel-usage-reply', pair.signer)],
  [
    'signature_invalid',
    async (page) => {
      const answer = await signedAnswer(page, 'marvel-feed-page', pair.signer);
      if (typeof answer === 'string') return answer;
      return { ...answer, body: Buffer.from(Buffer.from(answer.body).toString().replace('key_0666', 'key_0667')) };
    },
  ],
  ['page_malformed', (page) => signedAnswer({ ...page, surprise: 1 }, 'marvel-feed-page', pair.signer)],
  ['page_malformed', () => signedAnswer('{"fleet":', 'marvel-feed-page', pair.signer)],
  ['page_wrong_fleet', (page) => signedAnswer({ ...page, fleet: 'other' }, 'marvel-feed-page', pair.signer)],
  ['page_older_epoch', (page) => signedAnswer({ ...page, epoch: 1 }, 'marvel-feed-page', pair.signer)],
  ['page_gap', (page) => signedAnswer({ ...page, from: '3.1' }, 'marvel-feed-page', pair.signer)],
  ['page_rollback', (page) => signedAnswer({ ...page, to: '1.1', head: '1.1' }, 'marvel-feed-page', pair.signer)],
  ['page_rollback', (page) => signedAnswer({ ...page, head: '1.1' }, 'marvel-feed-page', pair.signer)],
  ['page_rollback', (page) => signedAnswer({ ...page, issued_at: at(-anHour) }, 'marvel-feed-page', pair.signer)],
  ['page_expired', (page) => signedAnswer({ ...page, expires_at: at(-anHour) }, 'marvel-feed-page', pair.signer)],
  [
    'page_from_future',
    (page) =>
      signedAnswer({ ...page, issued_at: at(anHour), expires_at: at(2 * anHour) }, 'marvel-feed-page', pair.signer),
  ],
];

test.each(badPages)('a page is refused: %s; the state stays, and the next good page counts', async (reason, answer) => {
  const edge = await startFeedEdge();
  edge.epoch = 2;
  edge.add(accountRecord('acc_0001'), keyRecord('key_0001'));
  const { feed, events } = await startFeed(edge);
  await feed.whenReady();
  edge.next.push((honest) => answer({ ...honest, to: '3.1', head: '3.1', records: [keyRecord('key_0666')] }));
  expect((await events.until('feed_page_refused')).reason).toBe(reason);
  expect(knows(feed, 'key_0666')).toBe(false);
  edge.add(keyRecord('key_0003'));
  await eventually(() => expect(knows(feed, 'key_0003')).toBe(true));
  expect(knows(feed, 'key_0001')).toBe(true);
});

test('after a new epoch everything is read anew: the old state is served meanwhile, and the new one when it is complete', async () => {
  const edge = await startFeedEdge();
  edge.add(accountRecord('acc_0001'), keyRecord('key_0001'), keyRecord('key_0002'));
  const { feed, events } = await startFeed(edge);
  await feed.whenReady();
  edge.pageRecords = 1;
  const midway = Promise.withResolvers<void>();
  const atSecondPage = Promise.withResolvers<void>();
  edge.next.push(
    (page) => signedAnswer(page, 'marvel-feed-page', pair.signer),
    (page) => signedAnswer(page, 'marvel-feed-page', pair.signer),
    async (page) => {
      atSecondPage.resolve();
      await midway.promise;
      return signedAnswer(page, 'marvel-feed-page', pair.signer);
    },
  );
  edge.epoch = 2;
  edge.log = [accountRecord('acc_0001'), keyRecord('key_0002'), keyRecord('key_0003')];
  await atSecondPage.promise;
  expect([knows(feed, 'key_0001'), knows(feed, 'key_0003')]).toEqual([true, false]);
  midway.resolve();
  expect((await events.until('feed_ready', 2)).epoch).toBe(2);
  expect([knows(feed, 'key_0001'), knows(feed, 'key_0002'), knows(feed, 'key_0003')]).toEqual([false, true, true]);
  expect(events.of('feed_new_epoch')).toHaveLength(1);
});

test('without a valid page the state is stale after an hour of a clock that never runs slow; the same page again proves nothing', async () => {
  const edge = await startFeedEdge();
  edge.add(accountRecord('acc_0001'));
  let nowMs = 0;
  const { feed, events } = await startFeed(edge, { now: () => nowMs });
  await feed.whenReady();
  const frozen = edge.page('1.1', 1);
  edge.page = () => frozen;
  await events.until('feed_page', events.of('feed_page').length + 2);
  nowMs = anHour - 1000;
  await events.until('feed_page', events.of('feed_page').length + 2);
  expect(feed.view.isStale()).toBe(false);
  nowMs = anHour + 1000;
  await events.until('feed_page', events.of('feed_page').length + 2);
  expect(feed.view.isStale()).toBe(true);
});

test('an edge that fails in every way is asked again, and the feed goes on where it was', async () => {
  const edge = await startFeedEdge();
  edge.next.push(
    () => ({ status: 500, body: Buffer.from('no') }),
    () => 'drop',
    () => 'hang',
    () => ({ status: 401, body: Buffer.from('{}') }),
  );
  edge.add(accountRecord('acc_0001'), keyRecord('key_0001'));
  const { feed, events } = await startFeed(edge, { requestTimeoutMs: 500 });
  await feed.whenReady();
  expect(events.of('feed_unavailable').map(({ reason, status }) => status ?? reason)).toEqual([
    500,
    'unreachable',
    'timeout',
    401,
  ]);
  await edge.server.stop();
  await events.until('feed_unavailable', 6);
  expect(knows(feed, 'key_0001')).toBe(true);
  edge.add(tombstone('key_0001'));
  await edge.server.listen();
  await eventually(() => expect(knows(feed, 'key_0001')).toBe(false));
});

test('an answer larger than any page is not read to its end, and less is asked for', async () => {
  const edge = await startFeedEdge();
  const limits: number[] = [];
  const { page } = edge;
  edge.page = (since, limit) => {
    limits.push(limit);
    return page(since, limit);
  };
  edge.next.push(() => ({ status: 200, body: Buffer.alloc(17 * 1024 * 1024) }));
  const { feed, events } = await startFeed(edge);
  await feed.whenReady();
  expect(events.of('feed_unavailable').map(({ reason }) => reason)).toEqual(['too_large']);
  expect(limits.slice(0, 2)).toEqual([4000, 2000]);
});

test('a page that says there is more but does not get on is not asked for in a tight loop', async () => {
  const edge = await startFeedEdge();
  edge.add(accountRecord('acc_0001'));
  const { page } = edge;
  edge.page = (since, limit) => ({ ...page(since, limit), to: since, head: '9.9', records: [] });
  const { events } = await startFeed(edge, { pollIntervalMs: 60_000 });
  const { caughtUp } = await events.until('feed_page');
  expect(caughtUp).toBe(false);
  edge.page = page;
  // The next poll is a minute away; had it asked at once, that would be over before three round trips one after another.
  for (let trip = 0; trip < 3; trip += 1) await fetch(`${edge.server.url}/?since=0`);
  expect(edge.asked).toHaveLength(4);
});

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'feed-'));
  open.push(() => rm(path, { recursive: true }));
  return path;
}

async function savedState(edge: FeedEdge, path: string): Promise<void> {
  const { feed } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' } });
  await feed.whenReady();
  await feed.close();
}

test('a restart while the edge is away serves what was kept, as fresh as it was, and reads on when the edge is back', async () => {
  const edge = await startFeedEdge();
  const path = await directory();
  edge.add(...mixed);
  await savedState(edge, path);
  await edge.server.stop();
  const options = { storage: { directory: path, secret: 'gw_test' } };
  const { feed, events } = await startFeed(edge, options);
  expect(events.of('feed_ready')).toMatchObject([{ from: 'disk', records: 82 }]);
  expect(many.filter((record) => record.kind === 'key' && knows(feed, record.id))).toHaveLength(30);
  expect(canonical(feed.view.exits('residential', 'US'))).toBe(
    canonical([mixed.find((record) => record.kind === 'exit')]),
  );
  expect(feed.view.isStale()).toBe(false);
  edge.add(keyRecord('key_0003'));
  await edge.server.listen();
  await eventually(() => expect(knows(feed, 'key_0003')).toBe(true));
  expect(edge.asked.filter((since) => since === '0')).toHaveLength(1);
});

test('a state that was kept for more than an hour is served as stale until a page comes', async () => {
  const edge = await startFeedEdge();
  const path = await directory();
  edge.add(accountRecord('acc_0001'));
  await savedState(edge, path);
  await edge.server.stop();
  const { feed } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' }, wallNow: inAnHour });
  expect([feed.view.isReady, feed.view.isStale()]).toEqual([true, true]);
});

const damage: readonly [string, (file: string) => Promise<unknown>][] = [
  [
    'changed in one byte',
    async (file) => {
      const bytes = await readFile(file);
      const place = bytes.indexOf('key_1040');
      bytes.write('key_1041', place);
      await writeFile(file, bytes);
    },
  ],
  ['cut short', async (file) => truncate(file, (await readFile(file)).length - 36)],
  ['cut in the middle', async (file) => truncate(file, 1000)],
  ['emptied', (file) => truncate(file, 0)],
];

test.each(damage)('a kept state that was %s is refused whole, and read from the edge instead', async (_how, harm) => {
  const edge = await startFeedEdge();
  const path = await directory();
  edge.add(...mixed);
  await savedState(edge, path);
  await harm(join(path, 'feed.state'));
  const { feed, events } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' } });
  expect(feed.view.isReady).toBe(false);
  await feed.whenReady();
  expect(events.of('state_not_loaded')).toEqual([{ kind: 'state_not_loaded', reason: 'damaged' }]);
  expect(events.of('feed_ready')).toMatchObject([{ from: 'edge' }]);
});

test('a kept state of another gateway or another fleet is refused', async () => {
  const edge = await startFeedEdge();
  const path = await directory();
  edge.add(...mixed);
  await savedState(edge, path);
  await edge.server.stop();
  const otherGateway = await startFeed(edge, { storage: { directory: path, secret: 'gw_other' } });
  expect(otherGateway.events.of('state_not_loaded')).toHaveLength(1);
  const otherFleet = await startFeed(edge, { fleet: 'other', storage: { directory: path, secret: 'gw_test' } });
  expect(otherFleet.events.of('state_not_loaded')).toHaveLength(1);
});

test('a directory that cannot be written to is reported, and the feed is served all the same', async () => {
  const edge = await startFeedEdge();
  const path = await directory();
  await writeFile(join(path, 'occupied'), '');
  edge.add(accountRecord('acc_0001'));
  const storage = { directory: join(path, 'occupied'), secret: 'gw_test' };
  const { feed, events } = await startFeed(edge, { storage });
  await feed.whenReady();
  expect((await events.until('state_not_saved', 2)).code).toMatch(/^E/);
  expect(await readdir(path)).toEqual(['occupied']);
});
