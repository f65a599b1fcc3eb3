import { expect, test } from 'vitest';
import { burnOf } from './burn.ts';

const nowMs = Date.parse('2026-11-20T18:00:00Z');
const day = (date: string, bytes: number) => ({ day: `${date}T00:00:00Z`, bytes });

test('the rate is the average of the seven days before today, however many of them had use', () => {
  const data = [day('2026-11-20', 500), day('2026-11-19', 700), day('2026-11-13', 700), day('2026-11-12', 99_000)];
  expect(burnOf({ balance_bytes: 2000, data }, nowMs)).toEqual({ todayBytes: 500, perDayBytes: 200, daysLeft: 10 });
});

test('on the first day it is what was used so far', () => {
  expect(burnOf({ balance_bytes: 900, data: [day('2026-11-20', 300)] }, nowMs)).toMatchObject({ daysLeft: 3 });
});

test('nothing lasts for ever without use, and an overdrawn balance lasts no time', () => {
  expect(burnOf({ balance_bytes: 900, data: [] }, nowMs).daysLeft).toBeUndefined();
  expect(burnOf({ balance_bytes: -5, data: [day('2026-11-19', 7)] }, nowMs).daysLeft).toBe(0);
});
