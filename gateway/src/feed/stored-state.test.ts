import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../test-support/event-log.ts';
import {
  type FeedEdge,
  knows,
  many,
  mixed,
  startFeed,
  startFeedEdge,
  tombstone,
} from '../../test-support/feed-harness.ts';
import { accountRecord, canonical, keyRecord } from '../../test-support/records.ts';
import { type EdgeAnswer, edgeKeys, signedAnswer } from '../../test-support/scripted-edge.ts';
import { readSealed, sealingKey, writeSealed } from './sealed-file.ts';
import { temporaryDirectory } from '../../test-support/temporary-directory.ts';

const inAnHour = () => Date.now() + 3_600_000 + 1000;

async function savedState(edge: FeedEdge, path: string): Promise<void> {
  const { feed } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' } });
  await feed.whenReady();
  await feed.close();
}

test('a restart while the edge is away serves what was kept, as fresh as it was, and reads on when the edge is back', async () => {
  const edge = await startFeedEdge();
  const path = await temporaryDirectory();
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

test('a restart while the edge is there serves what was kept only once it knows what has changed since', async () => {
  const edge = await startFeedEdge();
  const path = await temporaryDirectory();
  edge.add(...mixed);
  await savedState(edge, path);
  const answered = Promise.withResolvers<void>();
  edge.next.push(async (honest) => {
    await answered.promise;
    return signedAnswer(honest, 'marvel-feed-page', edgeKeys.signer);
  });
  edge.add(keyRecord('key_0003'), tombstone('key_1030'));
  const { feed, events } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' } });
  expect(events.of('feed_ready')).toMatchObject([{ from: 'disk' }]);
  expect(feed.view.isReady).toBe(false);
  answered.resolve();
  await feed.whenReady();
  expect([feed.view.isReady, knows(feed, 'key_0003'), knows(feed, 'key_1030')]).toEqual([true, true, false]);
});

test('a restart behind a database that was restored serves nothing of before', async () => {
  const edge = await startFeedEdge();
  const path = await temporaryDirectory();
  edge.add(...mixed);
  await savedState(edge, path);
  edge.epoch = 2;
  edge.log = [accountRecord('acc_1030'), keyRecord('key_0003', { account: 'acc_1030' })];
  const served: boolean[] = [];
  const { feed } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' } });
  feed.view.onChange(() => served.push(feed.view.isReady && knows(feed, 'key_1030')));
  await feed.whenReady();
  expect([feed.view.isReady, knows(feed, 'key_0003'), knows(feed, 'key_1030')]).toEqual([true, true, false]);
  expect(served).not.toContain(true);
});

test('an edge that says nothing keeps what was kept from being served for a while, and no longer', async () => {
  const edge = await startFeedEdge();
  const path = await temporaryDirectory();
  edge.add(...mixed);
  await savedState(edge, path);
  const over = Promise.withResolvers<EdgeAnswer>();
  onTestFinished(() => {
    over.resolve({ status: 503, body: Buffer.alloc(0) });
  });
  edge.next.push(async () => over.promise);
  const { feed } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' } });
  expect(feed.view.isReady).toBe(false);
  await feed.whenReady();
  expect([feed.view.isReady, knows(feed, 'key_1030')]).toEqual([true, true]);
});

test('a state that was kept for more than an hour is served as stale until a page comes', async () => {
  const edge = await startFeedEdge();
  const path = await temporaryDirectory();
  edge.add(accountRecord('acc_0001'));
  await savedState(edge, path);
  await edge.server.stop();
  const { feed } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' }, wallNow: inAnHour });
  await feed.whenReady();
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
  const path = await temporaryDirectory();
  edge.add(...mixed);
  await savedState(edge, path);
  await harm(join(path, 'feed.state'));
  const { feed, events } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' } });
  expect(feed.view.isReady).toBe(false);
  await feed.whenReady();
  expect(events.of('state_not_loaded')).toEqual([{ kind: 'state_not_loaded', reason: 'damaged' }]);
  expect(events.of('feed_ready')).toMatchObject([{ from: 'edge' }]);
});

test('a kept state of a build that knew fewer kinds is read anew, since the edge will not tell again what was left out', async () => {
  const edge = await startFeedEdge();
  const path = await temporaryDirectory();
  edge.add(...mixed);
  await savedState(edge, path);
  const file = join(path, 'feed.state');
  const blocks: string[] = [];
  await readSealed(file, sealingKey('gw_test'), (block) => blocks.push(block.toString()) > 0);
  blocks[0] = blocks[0]?.replace(' node ', ' ') ?? '';
  await writeSealed(file, sealingKey('gw_test'), blocks);
  const { feed, events } = await startFeed(edge, { storage: { directory: path, secret: 'gw_test' } });
  await feed.whenReady();
  expect(events.of('feed_ready')).toMatchObject([{ from: 'edge' }]);
});

test('a kept state of another gateway or another fleet is refused', async () => {
  const edge = await startFeedEdge();
  const path = await temporaryDirectory();
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
  const path = await temporaryDirectory();
  await writeFile(join(path, 'occupied'), '');
  edge.add(accountRecord('acc_0001'));
  const storage = { directory: join(path, 'occupied'), secret: 'gw_test' };
  const { feed, events } = await startFeed(edge, { storage });
  await feed.whenReady();
  expect((await events.until('state_not_saved', 2)).code).toMatch(/^E/);
  expect(await readdir(path)).toEqual(['occupied']);
});
