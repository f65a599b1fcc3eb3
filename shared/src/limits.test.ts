import * as v from 'valibot';
import { describe, expect, it, test } from 'vitest';
import { Limits } from './limits.ts';

const paths = (value: unknown) => v.safeParse(Limits, value).issues?.map((issue) => v.getDotPath(issue));

describe('the limits of a credential', () => {
  it('are all optional', () => {
    expect(v.parse(Limits, {})).toEqual({});
  });

  it('are kept as they were given, but host names in lower case', () => {
    const limits = {
      bytes_per_day: 0,
      bytes_per_month: 1,
      bytes_total: Number.MAX_SAFE_INTEGER,
      threads: 1,
      countries: ['US', 'DE'],
      source_ips: ['203.0.113.7', '2001:db8::1'],
      hosts_allow: ['example.com', '*.example.com', '203.0.113.7', '2001:db8::1', 'a_b.example'],
      hosts_deny: ['x'],
      expires_at: '2026-11-20T12:00:00Z',
      paused: false,
    };
    expect(v.parse(Limits, limits)).toEqual(limits);
    expect(v.parse(Limits, { hosts_allow: ['*.EXAMPLE.com'] })).toEqual({ hosts_allow: ['*.example.com'] });
  });
});

test.each<[string, unknown]>([
  ['bytes_per_day', -1],
  ['bytes_per_month', 0.5],
  ['bytes_total', 2 ** 53],
  ['bytes_total', '5'],
  ['threads', 0],
  ['threads', 1_000_001],
  ['countries', []],
  ['countries.1', ['US', 'usa']],
  ['countries.0', ['us']],
  ['source_ips.0', ['203.0.113.0/24']],
  ['source_ips.0', ['203.0.113']],
  ['source_ips', Array.from({ length: 65 }, () => '203.0.113.7')],
  ['hosts_allow', []],
  ['hosts_allow.0', ['*']],
  ['hosts_allow.0', ['*example.com']],
  ['hosts_allow.0', ['a.*.example.com']],
  ['hosts_deny.1', ['a', 'http://example.com']],
  ['hosts_deny.0', ['example.com.']],
  ['hosts_deny.0', ['a b']],
  ['hosts_deny.0', ['']],
  ['expires_at', '2026-11-20'],
  ['expires_at', '2026-11-20T12:00:00+01:00'],
  ['expires_at', '2026-02-31T00:00:00Z'],
  ['expires_at', 0],
  ['paused', 'yes'],
  ['bytes_per_week', 1],
])('a wrong value is refused by the name of its field: %s', (path, value) => {
  const field = path.split('.')[0] ?? '';
  expect(paths({ [field]: value })).toEqual([path]);
});

test('every wrong field is named at once', () => {
  expect(paths({ threads: 0, paused: 1 })).toEqual(['threads', 'paused']);
});

test.each([null, 'x', 1])('%j are no limits', (value) => {
  expect(v.safeParse(Limits, value).success).toBe(false);
});
