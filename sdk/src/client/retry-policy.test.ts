import { describe, expect, test } from 'vitest';
import { maxTries, maxWaitMs, retryWaitMs } from './retry-policy.ts';

const nowMs = Date.parse('2026-11-20T12:00:00Z');
const none = { retryAfter: null, rateLimitReset: null };
const inSeconds = (seconds: number) => String(nowMs / 1000 + seconds);
const wait = (refused: Partial<Parameters<typeof retryWaitMs>[0]>, random = 0) =>
  retryWaitMs({ status: 503, tries: 1, ...none, ...refused }, nowMs, () => random);

describe('what is tried again', () => {
  test.each([
    [200, false],
    [204, false],
    [302, false],
    [400, false],
    [401, false],
    [402, false],
    [404, false],
    [409, false],
    [422, false],
    [429, true],
    [500, true],
    [502, true],
    [503, true],
    [599, true],
  ])('%i: %s', (status, isTriedAgain) => {
    expect(wait({ status }) !== undefined).toBe(isTriedAgain);
  });

  test('at most five tries, with 1, 2, 4 and 8 s between them', () => {
    const waits = Array.from({ length: maxTries + 1 }, (_, index) => wait({ tries: index + 1 }));
    expect(waits).toEqual([1000, 2000, 4000, 8000, undefined, undefined]);
  });

  test('a wait grows by a quarter at most, and never shrinks', () => {
    expect([wait({}, 0), wait({}, 0.999_999)]).toEqual([1000, 1250]);
    expect(wait({ retryAfter: '4' }, 0.999_999)).toBe(5000);
  });
});

describe('what the reply asks for', () => {
  test('Retry-After in seconds or as a date goes before all else', () => {
    const rateLimitReset = inSeconds(50);
    expect(wait({ status: 429, retryAfter: '7', rateLimitReset })).toBe(7000);
    expect(wait({ status: 503, retryAfter: 'Fri, 20 Nov 2026 12:00:30 GMT', rateLimitReset })).toBe(30_000);
    expect(wait({ status: 503, retryAfter: 'Fri, 20 Nov 2026 11:00:00 GMT' })).toBe(0);
  });

  test('X-RateLimit-Reset counts for 429, and not for the others that carry it', () => {
    const rateLimitReset = inSeconds(42);
    expect(wait({ status: 429, rateLimitReset })).toBe(42_000);
    expect(wait({ status: 503, rateLimitReset })).toBe(1000);
  });

  test('a reset that has passed by our clock does not make five requests at once', () => {
    expect(wait({ status: 429, tries: 2, rateLimitReset: inSeconds(-5) })).toBe(2000);
  });

  test('a wait past the bound is the caller’s to decide', () => {
    expect(wait({ retryAfter: String(maxWaitMs / 1000) })).toBe(maxWaitMs);
    expect(wait({ retryAfter: String(maxWaitMs / 1000 + 1) })).toBeUndefined();
    expect(wait({ status: 429, rateLimitReset: inSeconds(86_400) })).toBeUndefined();
  });

  test('what cannot be read is as if it were not there', () => {
    for (const text of ['', 'soon', '-1', '1.5', '9'.repeat(30)]) {
      expect(wait({ status: 429, retryAfter: text, rateLimitReset: text })).toBe(1000);
    }
  });
});
