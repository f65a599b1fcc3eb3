import { afterEach, describe, expect, test, vi } from 'vitest';
import { createLeaseClock } from './lease-clock.ts';
import { eventually } from '../test-support/event-log.ts';
import { knows, startFeed, startFeedEdge } from '../test-support/feed-harness.ts';
import { accountRecord, keyRecord } from '../test-support/records.ts';
import { echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { TestGateway } from '../test-support/test-gateway.ts';

afterEach(() => {
  vi.useRealTimers();
});

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe('when the clock of a gateway is stepped', () => {
  test.each([
    ['a day forwards', dayMs],
    ['a day back', -dayMs],
  ])('%s, its tunnels go on, new ones open, and sessions have an exit', async (_which, stepMs) => {
    await using gateway = await TestGateway.start({ MARVEL_IDLE_TIMEOUT_MS: '60000' });
    await using exit = await ScriptedExit.start(echoes);
    gateway.addExit(exit.port);
    const wire = await gateway.open({ target: 'country-US-session-a' });
    // Only what tells the time of day: the timers and the steady clock of the process go on, as they do when a clock is set.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + stepMs });
    wire.send('before');
    expect((await wire.bytes(6)).toString()).toBe('before');
    const sticky = await gateway.connect({ target: 'country-US-session-a' });
    expect(sticky.answer.status).toBe(200);
    expect(Date.parse(sticky.answer.fields.get('x-marvel-session-expires') ?? '')).toBeGreaterThan(Date.now());
    vi.setSystemTime(Date.now() - stepMs);
    wire.send('after');
    expect((await wire.bytes(5)).toString()).toBe('after');
    expect((await gateway.connect()).answer.status).toBe(200);
    expect(gateway.tunnels).toEqual([]);
    wire.close();
    sticky.wire.close();
  });

  test('credentials end by the time of day, and are good again when it was a mistake', async () => {
    await using gateway = await TestGateway.start();
    await using exit = await ScriptedExit.start(echoes);
    gateway.addExit(exit.port);
    gateway.limit({ expires_at: new Date(Date.now() + hourMs).toISOString() });
    expect((await gateway.connect()).answer.status).toBe(200);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + dayMs });
    expect((await gateway.connect()).answer.status).toBe(407);
    vi.setSystemTime(Date.now() - dayMs);
    expect((await gateway.connect()).answer.status).toBe(200);
  });

  test.each([
    ['forwards', 2 * hourMs, 'page_expired'],
    ['back', -2 * hourMs, 'page_from_future'],
  ])(
    '%s, it says that it cannot believe the edge, serves what it knows, and follows once the clock is right',
    async (_which, stepMs, reason) => {
      const edge = await startFeedEdge();
      let offsetMs = 0;
      const { feed, events } = await startFeed(edge, {
        wallNow: () => Date.now() + offsetMs,
        now: createLeaseClock({ monotonicMs: () => performance.now(), wallMs: () => Date.now() + offsetMs }),
      });
      edge.add(accountRecord('acc_0001'), keyRecord('key_0001'));
      await feed.whenReady();
      await eventually(() => expect(knows(feed, 'key_0001')).toBe(true));
      offsetMs = stepMs;
      expect(await events.until('feed_page_refused')).toMatchObject({ reason });
      expect(knows(feed, 'key_0001')).toBe(true);
      // A step forwards may have been a suspend, in which keys were revoked: nothing is known to be fresh. One back proves nothing.
      expect(feed.view.isStale()).toBe(stepMs > 0);
      offsetMs = 0;
      edge.add(keyRecord('key_0002'));
      await eventually(() => {
        expect(knows(feed, 'key_0002')).toBe(true);
        expect(feed.view.isStale()).toBe(false);
      });
    },
  );
});

function moved(time: string, stepMs: number): string {
  return new Date(Date.parse(time) + stepMs).toISOString();
}

describe('when the clock of the edge is stepped', () => {
  test.each([
    ['forwards', 2 * hourMs, 'page_from_future'],
    ['back', -2 * hourMs, 'page_rollback'],
  ])(
    '%s, pages are refused and told of, the state is served, and the feed goes on once the clock is right',
    async (_which, stepMs, reason) => {
      const edge = await startFeedEdge();
      const { feed, events } = await startFeed(edge);
      edge.add(accountRecord('acc_0001'), keyRecord('key_0001'));
      await eventually(() => expect(knows(feed, 'key_0001')).toBe(true));
      const honest = edge.page;
      edge.page = (since, limit) => {
        const page = honest(since, limit);
        return { ...page, issued_at: moved(page.issued_at, stepMs), expires_at: moved(page.expires_at, stepMs) };
      };
      expect(await events.until('feed_page_refused')).toMatchObject({ reason });
      edge.add(keyRecord('key_0002'));
      expect([knows(feed, 'key_0001'), feed.view.isStale()]).toEqual([true, false]);
      edge.page = honest;
      await eventually(() => expect(knows(feed, 'key_0002')).toBe(true));
    },
  );
});
