import { FeedRecord } from '@marvel/shared/feed';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { fleetRecords, keyDigest, keyRecord } from './state-records.ts';

test('a fleet is what the edge would publish: valid records, each key with an account that came before it', () => {
  const records = [...fleetRecords(25)].map((record) => v.parse(FeedRecord, record));
  const accounts = new Set<string>();
  let keys = 0;
  for (const record of records) {
    if (record.kind === 'account') accounts.add(record.id);
    if (record.kind !== 'key') continue;
    expect(accounts).toContain(record.account);
    expect(record.digest).toBe(keyDigest(keys).toString('base64url'));
    keys += 1;
  }
  expect([accounts.size, keys, records.length]).toEqual([3, 25, 29]);
});

test('a change is of the same key and differs from what it replaces', () => {
  expect(keyRecord(7, 2)).toMatchObject({ id: keyRecord(7).id, digest: keyRecord(7).digest, limits: { threads: 2 } });
  expect(keyRecord(7).limits).toEqual({});
});
