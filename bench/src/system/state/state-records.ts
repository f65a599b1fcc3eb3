import { createHash } from 'node:crypto';
import type { FeedRecord, KeyRecord } from '@marvel/shared/feed';

const keysPerAccount = 10;
const idDigits = 20;

/** The digest of the key with a number. */
export function keyDigest(number: number): Buffer {
  return createHash('sha256').update(`key ${number}`).digest();
}

/** The record of a key; `change` other than 0 makes one that differs and takes its place. */
export function keyRecord(number: number, change = 0): KeyRecord {
  return {
    kind: 'key',
    id: idOf('key', number),
    account: idOf('acc', Math.floor(number / keysPerAccount)),
    digest: keyDigest(number).toString('base64url'),
    test: false,
    limits: change === 0 ? {} : { threads: change },
  };
}

/** A fleet with so many keys, ten to an account: what the edge would publish of it. */
export function* fleetRecords(keys: number): Generator<FeedRecord> {
  const policy = { ports: [80, 443], allow: [], own_addresses: [] };
  yield { kind: 'fleet', id: 'fleet', size: 1, policy, maintenance: false };
  for (let number = 0; number < keys; number += 1) {
    if (number % keysPerAccount === 0) {
      const id = idOf('acc', Math.floor(number / keysPerAccount));
      yield { kind: 'account', id, status: 'active', balance_bytes: 1_000_000_000, threads: null };
    }
    yield keyRecord(number);
  }
}

/** Ids as long and as random as those of the edge. */
function idOf(prefix: string, number: number): string {
  return `${prefix}_${createHash('sha256').update(`${prefix} ${number}`).digest('hex').slice(0, idDigits)}`;
}
