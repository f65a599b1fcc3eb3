import { expect, test } from 'vitest';
import { countOne, freshRate, noteFailure, rateEndsAt, type RateState } from './rate-window.ts';

const rule = { max: 3, windowMs: 60_000 };
const ban = { failures: 2, windowMs: 10_000, banMs: 30_000 };

function count(state: RateState, nowMs: number) {
  return countOne(state, rule, nowMs);
}

test('lets so many through in a window that begins with the first, then none until it ends', () => {
  let state = freshRate;
  const seen = [1000, 1001, 2000, 60_999, 61_000].map((nowMs) => {
    const counted = count(state, nowMs);
    ({ state } = counted);
    return [counted.answer.isAllowed, counted.answer.remaining, counted.answer.resetAtMs];
  });
  expect(seen).toEqual([
    [true, 2, 61_000],
    [true, 1, 61_000],
    [true, 0, 61_000],
    [false, 0, 61_000],
    [true, 2, 121_000],
  ]);
});

test('bans after so many failures of a window, for so long, whatever is asked meanwhile', () => {
  const once = noteFailure(freshRate, ban, 0);
  expect(count(once, 0).answer.isAllowed).toBe(true);
  expect(noteFailure(once, ban, 10_000).bannedUntilMs).toBe(0);
  const banned = noteFailure(once, ban, 9999);
  expect(count(banned, 39_998).answer).toEqual({ isAllowed: false, limit: 3, remaining: 0, resetAtMs: 39_999 });
  expect(count(banned, 39_999).answer.isAllowed).toBe(true);
  expect(rateEndsAt(banned)).toBe(39_999);
});
