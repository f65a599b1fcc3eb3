import { expect, test } from 'vitest';
import { TunnelsElsewhere } from './tunnels-elsewhere.ts';

test('what was heard counts for credential and account, until it is heard anew or nothing was heard for a while', () => {
  let nowMs = 0;
  const elsewhere = new TunnelsElsewhere(() => nowMs);
  expect(elsewhere.of('key_0001')).toBe(0);
  elsewhere.hear([
    { credential: 'key_0001', account: 'acc_0001', tunnels: 2 },
    { credential: 'key_0002', account: 'acc_0001', tunnels: 3 },
  ]);
  nowMs = 15_000;
  expect(['key_0001', 'key_0002', 'acc_0001', 'key_0003'].map((id) => elsewhere.of(id))).toEqual([2, 3, 5, 0]);
  nowMs += 1;
  expect(elsewhere.of('acc_0001')).toBe(0);
  elsewhere.hear([{ credential: 'key_0002', account: 'acc_0001', tunnels: 1 }]);
  expect([elsewhere.of('key_0001'), elsewhere.of('acc_0001')]).toEqual([0, 1]);
});
