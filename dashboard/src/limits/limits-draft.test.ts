import { Limits } from '@marvel/shared/limits';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { draftLimits, readDraft } from './limits-draft.ts';

test('limits come back from their draft as they were', () => {
  const limits = v.parse(Limits, {
    bytes_per_day: 1_500_000_000,
    bytes_per_month: 7,
    bytes_total: 2_000_000_000_000,
    threads: 20,
    countries: ['US', 'DE'],
    source_ips: ['192.0.2.1', '2001:db8::1'],
    hosts_allow: ['*.example.com'],
    hosts_deny: ['bad.example.com'],
    expires_at: '2027-01-02T03:04:00Z',
    paused: true,
  });
  expect(readDraft(draftLimits(limits))).toEqual(limits);
  expect(readDraft(draftLimits({}))).toEqual({});
});

test('what is typed is read generously', () => {
  const draft = { ...draftLimits({}), countries: 'us, de;  gb', bytes_per_day: { amount: '0.5', unit: 'GB' } as const };
  expect(readDraft(draft)).toEqual({ countries: ['US', 'DE', 'GB'], bytes_per_day: 500_000_000 });
});
