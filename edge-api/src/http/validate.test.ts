import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { validate } from './validate.ts';

const Request = v.strictObject({
  name: v.pipe(v.string(), v.minLength(2), v.maxLength(5)),
  when: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  tags: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
  count: v.optional(v.pipe(v.number(), v.safeInteger())),
  place: v.optional(v.strictObject({ city: v.picklist(['rome', 'oslo']), numbers: v.array(v.number()) })),
});

function messageOf(input: unknown): string | undefined {
  const validated = validate(Request, input);
  return validated.ok ? undefined : validated.error.message;
}

describe('validate', () => {
  test('gives what the schema makes of the input', () => {
    expect(validate(Request, { name: 'abc' })).toEqual({ ok: true, value: { name: 'abc' } });
  });

  test.each([
    [{}, 'name: is required'],
    [{ name: undefined }, 'name: is required'],
    [{ name: 5 }, 'name: must be a string'],
    [{ name: 'a' }, 'name: must have at least 2 characters'],
    [{ name: 'abc', tags: [] }, 'tags: must not be empty'],
    [{ name: 'abc', count: 1.5 }, 'count: must be an integer'],
    [{ name: 'abc', count: 2 ** 53 }, 'count: must be at most 9007199254740991'],
    [{ name: 'abc', count: -(2 ** 53) }, 'count: must be at least -9007199254740991'],
    [{ name: 'abcdef' }, 'name: must have at most 5 characters'],
    [{ name: 'abc', when: 'noon' }, 'when: must be an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z'],
    [{ name: 'abc', place: 'x' }, 'place: must be an object'],
    [{ name: 'abc', place: { city: 'bonn', numbers: [] } }, 'place.city: must be one of ("rome" | "oslo")'],
    [{ name: 'abc', place: { city: 'rome', numbers: [1, '2'] } }, 'place.numbers.1: must be a number'],
    [{ name: 'abc', place: { city: 'rome', numbers: [], zip: 1 } }, 'place.zip: is not known here'],
    [{ name: 'abc', extra: 1 }, 'extra: is not known here'],
    [null, 'must be an object'],
    [[], 'must be an object'],
    [{ name: 'abc', place: [] }, 'place: must be an object'],
    [{ name: 'abc', 'is your': 1 }, 'has a field that is not known here'],
  ])('says of %o that %s', (input, message) => {
    expect(messageOf(input)).toBe(message);
  });

  test('has codes of their own for fields that have one', () => {
    const codes = { name: { missing: 'target_missing_country', wrong: 'target_invalid_country' } } as const;
    expect(validate(Request, {}, codes)).toEqual({ ok: false, error: { code: 'target_missing_country' } });
    expect(validate(Request, { name: 1 }, codes)).toEqual({ ok: false, error: { code: 'target_invalid_country' } });
    expect(validate(Request, { name: 'abc', when: 1 }, codes)).toMatchObject({ error: { code: 'invalid' } });
  });

  test('never repeats anything of the input', () => {
    // No name of a field that is repeated has a space.
    const canary = 'Z q7';
    const text = fc.string().map((tail) => canary + tail);
    const value = fc.letrec((tie) => ({
      any: fc.oneof(text, fc.integer(), fc.constant(null), fc.array(tie('any'), { maxLength: 3 }), tie('object')),
      object: fc.dictionary(fc.oneof(text, fc.constantFrom('name', 'when', 'place', 'city', 'numbers')), tie('any')),
    })).any;
    fc.assert(
      fc.property(value, (input) => {
        expect(messageOf(input) ?? '').not.toContain(canary);
      }),
    );
  });
});
