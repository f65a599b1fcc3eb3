import type { FeedPage } from '@marvel/shared/feed';
import { expect, test } from 'vitest';
import type { FleetChange } from '../fleet-view.ts';
import { eventually } from '../../test-support/event-log.ts';
import { knows, many, mixed, startFeed, startFeedEdge, tombstone } from '../../test-support/feed-harness.ts';
import { accountRecord, keyRecord } from '../../test-support/records.ts';
import { type EdgeAnswer, edgeKeys, newKeyPair, signedAnswer } from '../../test-support/scripted-edge.ts';

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
const at = (ms: number) => new Date(Date.now() + ms).toISOString();
const badPages: readonly [reason: string, (honest: FeedPage) => Promise<EdgeAnswer>][] = [
  ['signature_missing', async (page) => ({ status: 200, body: Buffer.from(JSON.stringify(page)) })],
  ['signature_unknown_key', async (page) => signedAnswer(page, 'marvel-feed-page', (await newKeyPair('other')).signer)],
  ['signature_invalid', async (page) => signedAnswer(page, 'marvel-feed-page', (await newKeyPair('feed-1')).signer)],
  ['signature_wrong_kind', (page) => signedAnswer(page, 'marvel-usage-reply', edgeKeys.signer)],
  [
    'signature_invalid',
    async (page) => {
      const answer = await signedAnswer(page, 'marvel-feed-page', edgeKeys.signer);
      if (typeof answer === 'string') return answer;
      return { ...answer, body: Buffer.from(Buffer.from(answer.body).toString().replace('key_0666', 'key_0667')) };
    },
  ],
  ['page_malformed', (page) => signedAnswer({ ...page, surprise: 1 }, 'marvel-feed-page', edgeKeys.signer)],
  ['page_malformed', () => signedAnswer('{"fleet":', 'marvel-feed-page', edgeKeys.signer)],
  ['page_wrong_fleet', (page) => signedAnswer({ ...page, fleet: 'other' }, 'marvel-feed-page', edgeKeys.signer)],
  ['page_older_epoch', (page) => signedAnswer({ ...page, epoch: 1 }, 'marvel-feed-page', edgeKeys.signer)],
  ['page_gap', (page) => signedAnswer({ ...page, from: '3.1' }, 'marvel-feed-page', edgeKeys.signer)],
  ['page_rollback', (page) => signedAnswer({ ...page, to: '1.1', head: '1.1' }, 'marvel-feed-page', edgeKeys.signer)],
  ['page_rollback', (page) => signedAnswer({ ...page, head: '1.1' }, 'marvel-feed-page', edgeKeys.signer)],
  ['page_rollback', (page) => signedAnswer({ ...page, issued_at: at(-anHour) }, 'marvel-feed-page', edgeKeys.signer)],
  ['page_expired', (page) => signedAnswer({ ...page, expires_at: at(-anHour) }, 'marvel-feed-page', edgeKeys.signer)],
  [
    'page_from_future',
    (page) =>
      signedAnswer({ ...page, issued_at: at(anHour), expires_at: at(2 * anHour) }, 'marvel-feed-page', edgeKeys.signer),
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

test('records of a kind that is not known are left out and told of, and the feed goes on; unless they must be understood', async () => {
  const edge = await startFeedEdge();
  const { feed, events } = await startFeed(edge);
  edge.add(accountRecord('acc_0001'));
  await feed.whenReady();
  const newer = { kind: 'newer', id: 'x' };
  edge.next.push(async (page) =>
    signedAnswer(
      { ...page, records: [...page.records, { ...newer, must_understand: true }] },
      'marvel-feed-page',
      edgeKeys.signer,
    ),
  );
  expect(await events.until('feed_page_refused')).toMatchObject({ reason: 'page_malformed' });
  edge.next.push(async (page) =>
    signedAnswer({ ...page, records: [...page.records, newer, newer] }, 'marvel-feed-page', edgeKeys.signer),
  );
  expect(await events.until('feed_records_skipped')).toMatchObject({ records: 2, kinds: 'newer' });
  edge.add(accountRecord('acc_0002'));
  await eventually(() => {
    expect(feed.view.account('acc_0002')).toBeDefined();
  });
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
    (page) => signedAnswer(page, 'marvel-feed-page', edgeKeys.signer),
    (page) => signedAnswer(page, 'marvel-feed-page', edgeKeys.signer),
    async (page) => {
      atSecondPage.resolve();
      await midway.promise;
      return signedAnswer(page, 'marvel-feed-page', edgeKeys.signer);
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
