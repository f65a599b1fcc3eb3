import { feedStart } from '@marvel/shared/feed';
import { expect, test } from 'vitest';
import type { StoredFeedPage } from '../../store/feed-page.ts';
import { notedMs, sharedMs, SharedPages, type WantedPage } from './shared-pages.ts';

const issuedAtMs = Date.parse('2026-11-20T12:00:00.000Z');
const page: StoredFeedPage = {
  epoch: 1,
  issuedAt: new Date(issuedAtMs).toISOString(),
  to: '7.1',
  head: '7.1',
  recordsJson: '',
  tunnels: [],
  fleetPlace: '3.1',
  isAhead: false,
};
const wanted = (tokenDigest: string, changes: Partial<WantedPage> = {}): WantedPage => ({
  tokenDigest,
  since: '7.1',
  limit: 1000,
  issuedAfterMs: 0,
  ...changes,
});

/** Two gateways of which the database has just been asked. */
function both(given = page): SharedPages {
  const pages = new SharedPages();
  pages.keep(wanted('a'), given, 0);
  pages.keep(wanted('b'), given, 0);
  return pages;
}

test('a thousand gateways that ask the same are one query each quarter of a second, but for each one’s own now and then', () => {
  const pages = new SharedPages();
  const lastsMs = 60_000;
  let queries = 0;
  for (let nowMs = 0; nowMs < lastsMs; nowMs += 1) {
    // Each asks once a second, in its own millisecond.
    const gateway = wanted(`gateway ${nowMs % 1000}`);
    if (pages.find(gateway, nowMs) !== undefined) continue;
    queries += 1;
    pages.keep(gateway, page, nowMs);
  }
  const own = 1000 * (lastsMs / notedMs);
  expect(queries).toBeGreaterThan(own - 1);
  expect(queries).toBeLessThanOrEqual(own + lastsMs / sharedMs);
});

test('a page is shared for so long and no longer', () => {
  expect(both().find(wanted('b'), sharedMs - 1)).toBe(page);
  expect(both().find(wanted('b'), sharedMs)).toBeUndefined();
});

test('a token of which the database was not asked, or not since a gateway was enrolled or revoked, is given nothing', () => {
  const pages = both();
  expect(pages.find(wanted('stranger'), 1)).toBeUndefined();
  pages.keep(wanted('a'), { ...page, fleetPlace: '8.1' }, 10);
  expect(pages.find(wanted('b'), 11)).toBeUndefined();
  expect(pages.find(wanted('a'), 11)?.fleetPlace).toBe('8.1');
});

test('a gateway is never given a page older than one it believes', () => {
  expect(both().find(wanted('b', { issuedAfterMs: issuedAtMs }), 1)).toBe(page);
  expect(both().find(wanted('b', { issuedAfterMs: issuedAtMs + 1 }), 1)).toBeUndefined();
});

test('another place, another length, a first page, a large one and one that vouches for nothing are not shared', () => {
  expect(both().find(wanted('b', { since: '7.2' }), 1)).toBeUndefined();
  expect(both().find(wanted('b', { limit: 999 }), 1)).toBeUndefined();
  expect(both({ ...page, recordsJson: 'x'.repeat(300_000) }).find(wanted('b'), 1)).toBeUndefined();
  expect(both({ ...page, isAhead: true }).find(wanted('b'), 1)).toBeUndefined();
  const pages = new SharedPages();
  pages.keep(wanted('a', { since: feedStart }), page, 0);
  expect(pages.find(wanted('a', { since: feedStart }), 1)).toBeUndefined();
});

test('what is kept is bounded', () => {
  const pages = new SharedPages();
  for (let n = 0; n < 40; n += 1) pages.keep(wanted('a', { since: `9.${n}` }), page, 0);
  expect(pages.find(wanted('a', { since: '9.0' }), 1)).toBeUndefined();
  expect(pages.find(wanted('a', { since: '9.39' }), 1)).toBe(page);
});
