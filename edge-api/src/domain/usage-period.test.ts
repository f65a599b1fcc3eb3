import { describe, expect, test } from 'vitest';
import { usagePeriod } from './usage-period.ts';

const nowMs = Date.parse('2026-03-31T10:20:30Z');

function period(from?: string, to?: string): string | readonly string[] {
  const settled = usagePeriod({ from, to }, nowMs);
  if (!settled.ok) return `${settled.error.field} ${settled.error.reason}`;
  return [settled.value.from.toISOString(), settled.value.to.toISOString()];
}

describe('usagePeriod', () => {
  test('is the last thirty days, from the first moment of an hour', () => {
    expect(period()).toEqual(['2026-03-01T10:00:00.000Z', '2026-03-31T10:20:30.000Z']);
  });

  test('without a beginning it is the thirty days before its end', () => {
    expect(period(undefined, '2026-02-01')).toEqual(['2026-01-02T00:00:00.000Z', '2026-02-01T00:00:00.000Z']);
  });

  test('begins with the hour of from', () => {
    expect(period('2026-03-30T23:59:59Z')).toEqual(['2026-03-30T23:00:00.000Z', '2026-03-31T10:20:30.000Z']);
  });

  test('ends after it begins, and within 400 days', () => {
    expect(period('2026-04-01')).toBe('from must be before to');
    expect(period('2026-03-01', '2026-03-01')).toBe('from must be before to');
    expect(period('2025-01-01', '2026-03-01')).toBe('from must be at most 400 days before to');
    expect(period('2025-01-25', '2026-03-01')).toHaveLength(2);
  });
});
