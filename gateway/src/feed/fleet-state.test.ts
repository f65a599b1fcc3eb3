import type { FeedRecord } from '@marvel/shared/feed';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FleetState } from './fleet-state.ts';
import {
  accountRecord,
  budgetRecord,
  canonical,
  digestOf,
  exitRecord,
  fleetRecord,
  keyRecord,
  nodeRecord,
  sourceRecord,
  subUserRecord,
} from '../../test-support/records.ts';

function stateOf(...records: FeedRecord[]): FleetState {
  const state = new FleetState();
  for (const record of records) state.apply(record);
  return state;
}

function contents(state: FleetState): readonly string[] {
  return [...state.records()].map(canonical).toSorted();
}

test('a key is found by its digest, with its account and limits', () => {
  const limits = { threads: 3, countries: ['US'] };
  const state = stateOf(keyRecord('key_0001', { limits, test: true }));
  const expected = { id: 'key_0001', account: 'acc_0001', test: true, limits };
  expect(state.keyByDigest(digestOf('key_0001'))).toEqual(expected);
  expect(state.keyByDigest(digestOf('key_0002'))).toBeUndefined();
  expect(state.keyByDigest(new Uint8Array(31))).toBeUndefined();
});

test('a key keeps its account although the account comes later, changes, or goes', () => {
  const state = stateOf(keyRecord('key_0001'));
  expect(state.account('acc_0001')).toBeUndefined();
  state.apply(accountRecord('acc_0001', { threads: 7, balance_bytes: -12, status: 'suspended' }));
  expect(state.account('acc_0001')).toEqual({ id: 'acc_0001', status: 'suspended', balance_bytes: -12, threads: 7 });
  state.apply({ kind: 'tombstone', of: 'account', id: 'acc_0001' });
  expect(state.account('acc_0001')).toBeUndefined();
  expect(state.keyByDigest(digestOf('key_0001'))?.account).toBe('acc_0001');
  expect(state.size).toBe(1);
});

test('a tombstone removes a record of every kind, and of one that is not there nothing', () => {
  const records = [
    accountRecord('acc_0001'),
    keyRecord('key_0001'),
    subUserRecord('su_0001'),
    sourceRecord('src_0001'),
    budgetRecord('key_0001/day'),
    exitRecord('ext_0001'),
    nodeRecord('acc_0001', 's1'),
  ] as const;
  const state = stateOf(...records, fleetRecord());
  expect(state.size).toBe(8);
  for (const { kind, id } of records) state.apply({ kind: 'tombstone', of: kind, id });
  for (const { kind, id } of records) state.apply({ kind: 'tombstone', of: kind, id });
  expect(contents(state)).toEqual(contents(stateOf(fleetRecord())));
});

test('exits are found in all countries of a network, and by the address they leave by, in any spelling', () => {
  const state = new FleetState();
  state.apply(exitRecord('ext_0001', { exit_ip: '2001:DB8::0:1' }));
  state.apply(exitRecord('ext_0002', { exit_ip: '2001:db8::1', country: 'DE' }));
  state.apply(exitRecord('ext_0003', { network: 'isp' }));
  const anywhere = () => state.exits('residential', undefined).map((exit) => exit.id);
  const there = () => state.exitsAt('2001:db8:0::1').map((exit) => exit.id);
  expect(anywhere()).toEqual(['ext_0001', 'ext_0002']);
  expect(there()).toEqual(['ext_0001', 'ext_0002']);
  state.apply(exitRecord('ext_0001', { exit_ip: '203.0.113.77' }));
  expect(there()).toEqual(['ext_0002']);
  state.apply({ kind: 'tombstone', of: 'exit', id: 'ext_0002' });
  expect(anywhere()).toEqual(['ext_0001']);
  expect(there()).toEqual([]);
  expect(state.exitsAt('203.0.113.77').map((exit) => exit.id)).toEqual(['ext_0001']);
  expect(state.exits('datacenter', undefined)).toEqual([]);
});

test('exits are found by network and country, and move when they change', () => {
  const state = stateOf(exitRecord('ext_0001'), exitRecord('ext_0002'), exitRecord('ext_0003', { country: 'DE' }));
  const ids = (country: string) => state.exits('residential', country).map((exit) => exit.id);
  expect(ids('US').toSorted()).toEqual(['ext_0001', 'ext_0002']);
  state.apply(exitRecord('ext_0001', { country: 'DE' }));
  expect(ids('US')).toEqual(['ext_0002']);
  expect(ids('DE').toSorted()).toEqual(['ext_0001', 'ext_0003']);
  expect(state.exits('isp', 'US')).toEqual([]);
});

test('a source is found by any spelling of its addresses; where two claim one, the lowest id wins everywhere', () => {
  const addresses = ['198.51.100.7', '2001:db8:0:0:0:0:0:1'];
  const state = stateOf(sourceRecord('src_0002'), sourceRecord('src_0001', { addresses }));
  expect(state.authorizedSource('198.51.100.7')?.id).toBe('src_0001');
  expect(state.authorizedSource('::ffff:198.51.100.7')?.id).toBe('src_0001');
  expect(state.authorizedSource('2001:db8::1')?.id).toBe('src_0001');
  state.apply({ kind: 'tombstone', of: 'authorized_source', id: 'src_0001' });
  expect(state.authorizedSource('198.51.100.7')?.id).toBe('src_0002');
  expect(state.authorizedSource('2001:db8::1')).toBeUndefined();
});

test('a renamed sub-user is gone from its old name', () => {
  const state = stateOf(subUserRecord('su_0001', { username: 'old' }), subUserRecord('su_0001', { username: 'new' }));
  expect(state.subUserByName('old')).toBeUndefined();
  expect(state.subUserByName('new')?.id).toBe('su_0001');
});

test('a balance is that of the account or of the cap, and unknown once the window of the cap has ended', () => {
  const window_ends_at = '2030-01-01T00:00:00.000Z';
  const state = stateOf(accountRecord('acc_0001'), budgetRecord('key_0001/day', { window_ends_at }));
  const endsMs = Date.parse(window_ends_at);
  expect(state.balanceBytes('acc_0001', endsMs)).toBe(1_000_000);
  expect(state.balanceBytes('key_0001/day', endsMs - 1)).toBe(5000);
  expect(state.balanceBytes('key_0001/day', endsMs)).toBeUndefined();
  expect(state.balanceBytes('key_0001/month', endsMs)).toBeUndefined();
});

test('an expired node is not found, and swept away in 64 turns', () => {
  const expires_at = '2030-01-01T00:00:00.000Z';
  const state = stateOf(nodeRecord('acc_0001', 'a', { expires_at }), nodeRecord('acc_0001', 'b'));
  const expiredMs = Date.parse(expires_at);
  expect(state.node('acc_0001', 'a', expiredMs - 1)?.exit).toBe('ext_0001');
  expect(state.node('acc_0001', 'a', expiredMs)).toBeUndefined();
  for (let turn = 0; turn < 64; turn += 1) state.sweepNodes(turn, expiredMs);
  expect(state.size).toBe(1);
});

/** Ids of which some are longer than a row has room for. */
const numbered = (prefix: string) =>
  fc.integer({ min: 1, max: 6 }).map((n) => `${prefix}_000${n}${n > 4 ? 'x'.repeat(n * 8) : ''}`);
const anyRecord: fc.Arbitrary<FeedRecord> = fc.oneof(
  fc
    .record({ id: numbered('acc'), balance: fc.maxSafeInteger() })
    .map((a) => accountRecord(a.id, { balance_bytes: a.balance })),
  fc
    .record({
      id: numbered('key'),
      account: numbered('acc'),
      digest: numbered('key'),
      threads: fc.integer({ min: 1, max: 3 }),
    })
    .map(({ id, account, digest, threads }) =>
      keyRecord(id, {
        account,
        digest: digestOf(digest).toString('base64url'),
        limits: threads === 3 ? {} : { threads },
      }),
    ),
  fc
    .record({ id: numbered('su'), username: fc.constantFrom('a', 'b') })
    .map(({ id, username }) => subUserRecord(id, { username })),
  fc
    .record({ id: numbered('ext'), country: fc.constantFrom('US', 'DE') })
    .map(({ id, country }) => exitRecord(id, { country, exit_ip: '203.0.113.1' })),
  numbered('src').map((id) => sourceRecord(id)),
  numbered('key').map((id) => budgetRecord(`${id}/day`)),
  fc.constantFrom('a', 'b').map((session) => nodeRecord('acc_0001', session)),
  fc.integer({ min: 1, max: 5 }).map((size) => fleetRecord({ size })),
  fc
    .oneof(
      numbered('acc').map((id) => ({ of: 'account' as const, id })),
      numbered('key').map((id) => ({ of: 'key' as const, id })),
      numbered('su').map((id) => ({ of: 'sub_user' as const, id })),
      numbered('ext').map((id) => ({ of: 'exit' as const, id })),
      numbered('src').map((id) => ({ of: 'authorized_source' as const, id })),
    )
    .map((gone) => ({ kind: 'tombstone' as const, ...gone })),
);

/** The same, but slowly and plainly: the last record of each kind and id, where a digest and a name belong to one only. */
function replay(records: readonly FeedRecord[]): readonly string[] {
  let held: FeedRecord[] = [];
  for (const record of records) {
    const same = (other: FeedRecord) =>
      record.kind === 'tombstone'
        ? other.kind === record.of && other.id === record.id
        : other.kind === record.kind &&
          (other.id === record.id ||
            (record.kind === 'key' && other.kind === 'key' && other.digest === record.digest) ||
            (record.kind === 'sub_user' && other.kind === 'sub_user' && other.username === record.username));
    held = held.filter((other) => !same(other));
    if (record.kind !== 'tombstone') held.push(record);
  }
  return held.map(canonical).toSorted();
}

test('a state is the replay of its records in order, and its own records make it again', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 60 }), (records) => {
      const state = stateOf(...records);
      expect(contents(state)).toEqual(replay(records));
      expect(state.size).toBe(contents(state).length);
      expect(contents(stateOf(...state.records()))).toEqual(contents(state));
      for (const record of state.records()) {
        if (record.kind !== 'key') continue;
        expect(state.keyByDigest(Buffer.from(record.digest, 'base64url'))?.id).toBe(record.id);
      }
    }),
  );
});
