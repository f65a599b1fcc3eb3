import * as v from 'valibot';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesPerGb, bytesPerKib, Count, CountryCode, Id, Line, SignedBytes, Timestamp } from './units.ts';

const takes = (schema: v.GenericSchema, value: unknown) => v.safeParse(schema, value).success;

test('1 GB is 1,000,000,000 bytes', () => {
  expect(bytesPerGb).toBe(1_000_000_000);
  expect(bytesPerKib).toBe(1024);
});

test.each<[string, v.GenericSchema, readonly unknown[], readonly unknown[]]>([
  ['a count', Count, [0, 1, 2 ** 53 - 1], [-1, 0.5, 2 ** 53, Number.NaN, Infinity, '1', 1n, null, undefined]],
  ['a balance', SignedBytes, [0, -1, 2 ** 53 - 1, 1 - 2 ** 53], [0.5, 2 ** 53, -(2 ** 53), Number.NaN, '1', null]],
  ['a country code', CountryCode, ['US', 'ZZ'], ['us', 'U', 'USA', 'U1', '\u00dc\u00dc', 'US\n', '', null]],
  [
    'an id',
    Id,
    ['acc_0000', 'key_AZaz09', `abcdefghijkl_${'a'.repeat(48)}`],
    [
      'acc_000',
      'a_0000',
      'ACC_0000',
      'acc-0000',
      'acc_00 0',
      'acc_0000\n',
      `acc_${'a'.repeat(49)}`,
      'abcdefghijklm_0000',
      '_0000',
      '',
      7,
    ],
  ],
  [
    'a time',
    Timestamp,
    ['2026-11-20T12:00:00Z', '2026-11-20T12:00:00.123Z', '2024-02-29T23:59:59.999999Z'],
    [
      '2026-11-20T12:00:00+00:00',
      '2026-11-20T12:00:00',
      '2026-11-20',
      '2026-13-01T00:00:00Z',
      '2026-02-31T00:00:00Z',
      '2026-11-20T25:00:00Z',
      '2026-11-20T12:60:00Z',
      '2026-11-20 12:00:00Z',
      '0000-01-01T00:00:00Z',
      '9999-12-31T23:59:59.9999999Z',
      '2026-11-20T12:00Z',
      '',
      'Z',
      1_700_000_000,
      null,
    ],
  ],
])('%s takes what it should and nothing else', (_name, schema, good, bad) => {
  for (const value of good) expect(takes(schema, value), String(value)).toBe(true);
  for (const value of bad) expect(takes(schema, value), String(value)).toBe(false);
});

test('every moment that JavaScript writes is a time, and every time can be compared', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
      expect(takes(Timestamp, date.toISOString())).toBe(true);
    }),
  );
});

test('a line for people holds no control character, no half of one, and no more than it may', () => {
  for (const text of ['', 'abc', 'b\u00fcc', '\u{1f600}']) expect(takes(Line(3), text), text).toBe(true);
  for (const text of ['abcd', 'a\nb', 'a\tb', '\0', '\u007f', '\ud83d', 'a\udc00', 7]) {
    expect(takes(Line(3), text), JSON.stringify(text)).toBe(false);
  }
});
