import { expect, test } from 'vitest';
import { maxElsewhere, tunnelsElsewhere } from './tunnels-elsewhere.ts';

const line = (tokenDigest: string, credential: string, tunnels: number) => ({
  tokenDigest,
  credential,
  account: 'acc_1',
  tunnels,
});

test('a gateway is told of the sum of all others, not of its own, and of the most first', () => {
  const lines = [
    line('a', 'key_1', 5),
    line('b', 'key_1', 2),
    line('c', 'key_2', 9),
    line('a', 'key_3', 4),
    line('b', 'key_2', 1),
  ];
  const seenBy = (digest: string) =>
    tunnelsElsewhere(lines, digest).map(({ credential, tunnels }) => [credential, tunnels]);
  expect(seenBy('a')).toEqual([
    ['key_2', 10],
    ['key_1', 2],
  ]);
  expect(seenBy('c')).toEqual([
    ['key_1', 7],
    ['key_3', 4],
    ['key_2', 1],
  ]);
  expect(seenBy('new')).toEqual([
    ['key_2', 10],
    ['key_1', 7],
    ['key_3', 4],
  ]);
});

test('a page holds so many lines and no more', () => {
  const lines = Array.from({ length: maxElsewhere + 5 }, (_, n) => line('a', `key_${n}`, n));
  expect(tunnelsElsewhere(lines, 'b')).toHaveLength(maxElsewhere);
  expect(tunnelsElsewhere(lines, 'b')[0]?.tunnels).toBe(maxElsewhere + 4);
});
