import { randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { expect, test } from 'vitest';
import type { OfferedCredential } from '../offer.ts';
import { FakeFleet, testPepper } from '../../test-support/fake-fleet.ts';
import { identify } from './identify.ts';
import { KeyDigests } from './key-digests.ts';

test('whoever is refused has had one digest made, whatever was shown and whatever was known of it', () => {
  const fleet = new FakeFleet();
  const digests = new KeyDigests(testPepper);
  const circumstances = { clientIp: '192.0.2.1', nowMs: 0 };
  const account = 'acc_0001';
  fleet.accounts.set(account, { id: account, status: 'active', balance_bytes: 1, threads: null });
  fleet.setSubUser('su_0001', { username: 'alice', password: 'right', account });
  const [revoked, paused] = [makeProxyKey('live', randomBytes), makeProxyKey('live', randomBytes)];
  const cost = (credential: OfferedCredential): number => {
    const before = digests.made;
    expect(identify(credential, fleet, digests, circumstances)).toBeUndefined();
    return digests.made - before;
  };
  for (const key of [revoked, paused]) {
    fleet.addKey(key, { id: 'key_0001', account, test: false, limits: {} });
    expect(identify({ kind: 'key', key }, fleet, digests, circumstances)).toBeDefined();
  }
  fleet.removeKey(revoked);
  fleet.addKey(paused, { id: 'key_0001', account, test: false, limits: { paused: true } });
  fleet.tell({ kind: 'reset' });
  const shown: OfferedCredential[] = [
    { kind: 'none' },
    { kind: 'source' },
    { kind: 'key', key: 'mk_live_typo' },
    { kind: 'key', key: makeProxyKey('live', randomBytes) },
    { kind: 'key', key: revoked },
    { kind: 'key', key: paused },
    { kind: 'sub_user', username: 'alice', password: 'wrong' },
    { kind: 'sub_user', username: 'nobody', password: 'wrong' },
  ];
  for (const credential of [...shown, ...shown]) expect(cost(credential)).toBe(1);
});
