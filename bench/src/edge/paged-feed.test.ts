import { FeedPage, type FeedRecord, maxPageRecords } from '@marvel/shared/feed';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { PagedFeed } from './paged-feed.ts';

function tombstone(number: number): FeedRecord {
  return { kind: 'tombstone', of: 'key', id: `key_${number}` };
}

/** Reads on from `since` to the head. */
function readOn(feed: PagedFeed, since: string): { readonly ids: string[]; readonly cursor: string } {
  const ids: string[] = [];
  for (let cursor = since; ;) {
    const page = v.parse(FeedPage, JSON.parse(feed.page(cursor, 0)));
    expect(page.from).toBe(cursor);
    ids.push(...page.records.map((record) => record.id));
    cursor = page.to;
    if (page.to === page.head) return { ids, cursor };
  }
}

test('every record is read once, in order, in pages that are valid', () => {
  const records = Array.from({ length: maxPageRecords + 3 }, (_, number) => tombstone(number));
  const feed = new PagedFeed('bench', records);
  expect(readOn(feed, '0').ids).toEqual(records.map((record) => record.id));
});

test('at the head there is nothing, until more is published', () => {
  const feed = new PagedFeed('bench', [tombstone(1)]);
  const { cursor } = readOn(feed, '0');
  expect(readOn(feed, cursor)).toEqual({ ids: [], cursor });
  feed.publish([tombstone(2), tombstone(3)]);
  expect(readOn(feed, cursor).ids).toEqual(['key_2', 'key_3']);
});

test('an empty feed is at its head from the start', () => {
  expect(readOn(new PagedFeed('bench', []), '0')).toEqual({ ids: [], cursor: '0' });
});

test.each(['', '2.1', '1.2', '1.x'])('a cursor that it never gave is an error: %o', (cursor) => {
  expect(() => new PagedFeed('bench', [tombstone(1)]).page(cursor, 0)).toThrow(RangeError);
});
