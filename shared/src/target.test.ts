// oxlint-disable-next-line typescript/triple-slash-reference -- an ambient module cannot be imported
/// <reference path="./vectors/raw.d.ts" />
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatTarget, isSessionId, maxTargetLength, parseTarget } from './target.ts';
import vectors from './vectors/target.txt?raw';

const cases = vectors
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [input = '', ...outcome] = line.split('\t');
    return [JSON.parse(input) as string, outcome] as const;
  });

test.each(cases)('%j is %j', (input, [outcome, country = '', session = '-', minPurity = '']) => {
  expect(parseTarget(input)).toEqual(
    outcome === 'ok'
      ? {
          ok: true,
          value: { country, minPurity: Number(minPurity), ...(session === '-' ? {} : { session }) },
        }
      : { ok: false, error: outcome },
  );
});

test('the vectors hold every outcome', () => {
  expect(new Set(cases.map(([, [outcome]]) => outcome))).toEqual(
    new Set([
      'ok',
      'target_missing_country',
      'target_invalid_country',
      'target_asn_unsupported',
      'target_unknown_field',
      'target_duplicate_field',
      'target_malformed',
      'target_invalid_session',
      'target_invalid_min_purity',
    ]),
  );
});

describe('any target', () => {
  const Session = fc.string({
    unit: fc.constantFrom(...'ABCXYZabcxyz0189_'.split('')),
    minLength: 1,
    maxLength: 64,
  });
  const Target = fc.record(
    {
      country: fc.string({
        unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')),
        minLength: 2,
        maxLength: 2,
      }),
      session: Session,
      minPurity: fc.integer({ min: 0, max: 100 }),
    },
    { requiredKeys: ['country', 'minPurity'] },
  );

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(Target, (target) => {
        expect(parseTarget(formatTarget(target))).toEqual({ ok: true, value: target });
      }),
    );
  });

  it('means the same in any order and either case of the country', () => {
    fc.assert(
      fc.property(Target, fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (target, order) => {
        const fields = [
          `country-${target.country.toLowerCase()}`,
          `min_purity-${target.minPurity}`,
          ...(target.session === undefined ? [] : [`session-${target.session}`]),
        ];
        const shuffled = order.flatMap((index) => fields[index] ?? []);
        expect(parseTarget(shuffled.join('-'))).toEqual({ ok: true, value: target });
      }),
    );
  });

  it('is read or refused, whatever the text, and a refusal names one of the eight codes and nothing of the text', () => {
    const codes = new Set(cases.flatMap(([, [outcome]]) => (outcome === 'ok' ? [] : [outcome])));
    const piece = fc.oneof(
      fc.constantFrom('country', 'session', 'min_purity', 'asn', 'isp', 'US', '50', '-', '--', ''),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('-')),
        (text) => {
          const parsed = parseTarget(text);
          return parsed.ok
            ? JSON.stringify(parseTarget(formatTarget(parsed.value))) === JSON.stringify(parsed)
            : codes.has(parsed.error);
        },
      ),
    );
  });

  it('has room for the longest that can be valid', () => {
    const longest = formatTarget({ country: 'US', session: 'a'.repeat(64), minPurity: 100 });
    expect(longest.length).toBeLessThanOrEqual(maxTargetLength);
    expect(parseTarget(longest).ok).toBe(true);
  });
});

test('a session id is what a target may carry as one', () => {
  for (const id of ['a', '_', 'A_9', 'a'.repeat(64)]) expect(isSessionId(id), id).toBe(true);
  for (const id of ['', 'a-b', 'a b', 'é', 'a\n', 'a'.repeat(65)]) expect(isSessionId(id), id).toBe(false);
});
