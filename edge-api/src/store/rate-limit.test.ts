import { expect, test } from 'vitest';
import { openStore } from '../../test-support/store.ts';
import { countRate, findBan, saveBan } from './rate-limit.ts';

const { db } = await openStore();
const minute = Date.parse('2026-05-01T10:00:00Z');

test('counts that are made at once are all counted, and a new window starts from one', async () => {
  const counts = await Promise.all(
    Array.from({ length: 20 }, async () => countRate(db, 'sign-in', 60, minute + 59_999)),
  );
  const found = counts.map((result) => (result.ok ? result.value.count : 0)).toSorted((a, b) => a - b);
  expect(found).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(await countRate(db, 'sign-in', 60, minute + 60_000)).toEqual({
    ok: true,
    value: { count: 1, resetsAt: new Date(minute + 120_000) },
  });
  expect(await countRate(db, 'other', 60, minute)).toMatchObject({ value: { count: 1 } });
});

test('a ban holds until it ends, and is never shortened', async () => {
  const subject = '192.0.2.1';
  const later = new Date(Date.now() + 600_000);
  expect(await findBan(db, subject)).toEqual({ ok: true, value: undefined });
  await saveBan(db, { subject, reason: 'sign-in', endsAt: later });
  await saveBan(db, { subject, reason: 'sign-in', endsAt: new Date(Date.now() + 1000) });
  expect(await findBan(db, subject)).toEqual({ ok: true, value: later });
  await saveBan(db, { subject: 'past', reason: 'sign-in', endsAt: new Date(Date.now() - 1000) });
  expect(await findBan(db, 'past')).toEqual({ ok: true, value: undefined });
});
