import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { chooseExit, type ExitChoice, type ExitWanted, fits, isLive, rendezvousScore } from './choose-exit.ts';
import { type Exit, grades } from './exit.ts';

const nowMs = Date.parse('2026-11-20T12:00:00Z');
const wanted: ExitWanted = { network: 'residential', country: 'DE', minPurity: 0 };
const sticky = (session: string, account = 'acc_0001'): ExitChoice => ({ kind: 'sticky', account, session });
const rotating = (random: number): ExitChoice => ({ kind: 'rotating', random: () => random });

function exit(id: string, more: Partial<Exit> = {}): Exit {
  return {
    kind: 'exit',
    id,
    network: 'residential',
    country: 'DE',
    state: 'by',
    city: 'munich',
    asn: 3320,
    exit_ip: '203.0.113.7',
    transport: { type: 'agent', host: '203.0.113.7', port: 7000, tls: false, token: 'secret' },
    purity: 95,
    grade: 'S',
    seals: [],
    weight: 1,
    expires_at: '2026-11-20T13:00:00Z',
    ...more,
  };
}

/** The id of the exit that a session of one account gets. */
const chosenId = (exits: Iterable<Exit>, session: string, more: Partial<ExitWanted> = {}) =>
  chooseExit(exits, { ...wanted, ...more }, sticky(session), nowMs)?.id;

/** Random numbers that a seed repeats (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const AnyExit = fc
  .record({
    number: fc.nat(99),
    grade: fc.constantFrom(...grades),
    purity: fc.integer({ min: 60, max: 100 }),
    weight: fc.integer({ min: 1, max: 1000 }),
    country: fc.constantFrom('DE', 'DE', 'DE', 'US'),
    network: fc.constantFrom('residential' as const, 'residential' as const, 'isp' as const),
    expires_at: fc.constantFrom('2026-11-20T13:00:00Z', '2026-11-20T13:00:00Z', '2026-11-20T11:00:00Z'),
  })
  .map(({ number, ...more }) => exit(`ext_${String(number).padStart(4, '0')}`, more));
const Exits = fc.uniqueArray(AnyExit, { maxLength: 30, selector: ({ id }) => id });
const Session = fc.stringMatching(/^[A-Za-z0-9_]{1,16}$/);

describe('a chosen exit', () => {
  it('fits what is wanted, and is of the best grade that has one; there is none only when none fits', () => {
    fc.assert(
      fc.property(
        Exits,
        fc.nat(100),
        fc.oneof(
          Session.map((s) => sticky(s)),
          fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map(rotating),
        ),
        (exits, minPurity, choice) => {
          const fitting = exits.filter((one) => fits(one, { ...wanted, minPurity }, nowMs));
          const best = grades.find((grade) => fitting.some((one) => one.grade === grade));
          const chosen = chooseExit(exits, { ...wanted, minPurity }, choice, nowMs);
          expect(chosen?.grade).toBe(best);
          expect([undefined, ...fitting]).toContain(chosen);
        },
      ),
    );
  });

  it.each<[string, Partial<Exit>]>([
    ['another country', { country: 'AT' }],
    ['another network', { network: 'datacenter' }],
    ['another state', { state: 'be' }],
    ['no state', { state: null }],
    ['another city', { city: 'berlin' }],
    ['no city', { city: null }],
    ['less purity', { purity: 89 }],
    ['a record that has expired', { expires_at: '2026-11-20T12:00:00Z' }],
  ])('is never one of %s', (_name, more) => {
    const strict: ExitWanted = { ...wanted, state: 'by', city: 'munich', minPurity: 90 };
    const good = exit('ext_good', { grade: 'B', purity: 90 });
    for (const choice of [sticky('s'), rotating(0), rotating(0.999)]) {
      expect(chooseExit([exit('ext_bad0', more)], strict, choice, nowMs)).toBeUndefined();
      expect(chooseExit([exit('ext_bad0', more), good], strict, choice, nowMs)).toBe(good);
    }
  });

  it('is none of those ruled out', () => {
    const exits = [exit('ext_0001'), exit('ext_0002')];
    const without = new Set(['ext_0001']);
    expect(chooseExit(exits, { ...wanted, without }, sticky('s'), nowMs)?.id).toBe('ext_0002');
    expect(
      chooseExit(exits, { ...wanted, without: new Set(['ext_0001', 'ext_0002']) }, rotating(0), nowMs),
    ).toBeUndefined();
  });

  it('is of any country where none is wanted, or of those that are left to choose from', () => {
    const exits = [exit('ext_0001'), exit('ext_0002', { country: 'US' }), exit('ext_0003', { country: 'JP' })];
    const chosenCountries = (more: Partial<ExitWanted>) => {
      const anywhere = { ...wanted, country: undefined, ...more };
      const drawn = [0, 0.4, 0.7, 0.99].map((r) => chooseExit(exits, anywhere, rotating(r), nowMs)?.country);
      return [...new Set(drawn)];
    };
    expect(chosenCountries({})).toEqual(['DE', 'US', 'JP']);
    expect(chosenCountries({ countries: ['JP', 'US'] })).toEqual(['US', 'JP']);
    expect(chosenCountries({ countries: ['JP', 'US'], country: 'DE' })).toEqual(['DE']);
    expect(chosenCountries({ countries: ['GB'] })).toEqual([undefined]);
  });

  it.each([{ state: 'be' }, { city: 'berlin' }, { state: 'by', city: 'berlin' }])(
    'is in the place wanted: %j',
    (place) => {
      const exits = [exit('ext_0001'), exit('ext_0002', { state: 'be', city: 'berlin', grade: 'B' })];
      expect(chooseExit(exits, { ...wanted, ...place }, rotating(0), nowMs)?.id).toBe(
        place.state === 'by' ? undefined : 'ext_0002',
      );
      expect(
        chooseExit([exit('ext_0003', { state: null, city: null })], { ...wanted, ...place }, sticky('s'), nowMs),
      ).toBe(undefined);
    },
  );

  it('leaves by none of the addresses ruled out, however they are written', () => {
    const exits = [exit('ext_0001', { exit_ip: '2001:DB8:0::1' }), exit('ext_0002', { exit_ip: '203.0.113.8' })];
    const withoutIps = new Set(['2001:db8::1']);
    expect(chooseExit(exits, { ...wanted, withoutIps }, rotating(0), nowMs)?.id).toBe('ext_0002');
    expect(chooseExit(exits.slice(0, 1), { ...wanted, withoutIps }, rotating(0), nowMs)).toBeUndefined();
  });

  it('is of the next grade once the better one has nothing left', () => {
    const exits = [
      exit('ext_0001', { grade: 'B' }),
      exit('ext_0002', { grade: 'A' }),
      exit('ext_0003', { grade: 'S' }),
    ];
    const without = new Set<string>();
    for (const id of ['ext_0003', 'ext_0002', 'ext_0001']) {
      expect(chooseExit(exits, { ...wanted, without }, rotating(0.5), nowMs)?.id).toBe(id);
      without.add(id);
    }
  });
});

describe('a sticky choice', () => {
  it('is the same in whatever order the exits are known', () => {
    fc.assert(
      fc.property(
        Exits.chain((exits) => fc.tuple(fc.constant(exits), fc.shuffledSubarray(exits, { minLength: exits.length }))),
        Session,
        ([exits, shuffled], session) => {
          expect(chosenId(shuffled, session)).toBe(chosenId(exits, session));
        },
      ),
    );
  });

  it('is the same even of two exits whose ids have the same hash', () => {
    const twins = [exit('ext_7TMoWspp'), exit('ext_rh6xSv5K')];
    const [one, other] = twins.map(({ id }) => rendezvousScore('acc_0001', 's', id));
    expect(one).toBe(other);
    expect(chosenId(twins, 's')).toBe('ext_7TMoWspp');
    expect(chosenId([...twins.slice(1), ...twins.slice(0, 1)], 's')).toBe('ext_7TMoWspp');
  });

  it('moves only when its own exit is dropped, and comes back with it', () => {
    fc.assert(
      fc.property(Exits, Session, fc.nat(), (exits, session, index) => {
        const dropped = exits[index % Math.max(1, exits.length)];
        const before = chosenId(exits, session);
        const after = chosenId(
          exits.filter((one) => one !== dropped),
          session,
        );
        expect(after === before || before === dropped?.id).toBe(true);
        expect(chosenId(exits, session)).toBe(before);
      }),
    );
  });

  it('moves only to an exit that is new and of its grade, or better, when one is added', () => {
    fc.assert(
      fc.property(Exits, AnyExit, Session, (exits, added, session) => {
        const others = exits.filter(({ id }) => id !== added.id);
        expect([chosenId(others, session), added.id]).toContain(
          chosenId([...others, added], session) ?? chosenId(others, session),
        );
      }),
    );
  });

  it('keeps its exit under a stricter min_purity that the exit still meets', () => {
    fc.assert(
      fc.property(Exits, Session, fc.nat(100), fc.nat(100), (exits, session, one, other) => {
        const [loose, strict] = [Math.min(one, other), Math.max(one, other)];
        const before = chooseExit(exits, { ...wanted, minPurity: loose }, sticky(session), nowMs);
        fc.pre(before !== undefined && before.purity >= strict);
        expect(chosenId(exits, session, { minPurity: strict })).toBe(before?.id);
      }),
    );
  });

  it('takes no notice of weights', () => {
    const exits = [exit('ext_0001'), exit('ext_0002'), exit('ext_0003')];
    for (const heavy of exits) {
      const weighted = exits.map((one) => ({ ...one, weight: one === heavy ? 1000 : 1 }));
      expect(chosenId(weighted, 'session')).toBe(chosenId(exits, 'session'));
    }
  });

  it('spreads sessions evenly, and moves an even share of them to an exit that is added', () => {
    const sessions = Array.from({ length: 10_000 }, (_, index) => `session_${index}`);
    const exits = Array.from({ length: 10 }, (_, index) => exit(`ext_000${index}`));
    const counts = new Map<string, number>();
    let moved = 0;
    for (const session of sessions) {
      const before = chosenId(exits, session) ?? '';
      counts.set(before, (counts.get(before) ?? 0) + 1);
      if (chosenId([...exits, exit('ext_0010')], session) !== before) moved += 1;
    }
    for (const { id } of exits) expect(Math.abs((counts.get(id) ?? 0) - 1000), id).toBeLessThan(120);
    expect(Math.abs(moved - 10_000 / 11)).toBeLessThan(120);
  });

  it('differs between accounts and sessions', () => {
    const exits = Array.from({ length: 100 }, (_, index) => exit(`ext_${1000 + index}`));
    const ids = (choices: readonly ExitChoice[]) =>
      new Set(choices.map((choice) => chooseExit(exits, wanted, choice, nowMs)?.id)).size;
    const names = Array.from({ length: 50 }, (_, index) => `acc_${1000 + index}`);
    expect(ids(names.map((name) => sticky('same', name)))).toBeGreaterThan(30);
    expect(ids(names.map((name) => sticky(name, 'acc_0001')))).toBeGreaterThan(30);
  });

  it('is this one: other gateways and later releases have to find the same', () => {
    const exits = Array.from({ length: 8 }, (_, index) => exit(`ext_000${index}`));
    const found = ['cart_42', 'demo', 'a', 'B'].map((session) => chosenId(exits, session));
    // From another implementation of the same hashes.
    expect(found).toEqual(['ext_0007', 'ext_0006', 'ext_0006', 'ext_0003']);
  });
});

test('a score is an integer that a number holds exactly', () => {
  fc.assert(
    fc.property(fc.string(), Session, fc.string(), (account, session, id) => {
      const score = rendezvousScore(account, session, id);
      expect(Number.isSafeInteger(score) && score >= 0).toBe(true);
    }),
  );
});

describe('a rotating choice', () => {
  it('takes each exit as often as its weight says', () => {
    const weights = [1, 2, 3, 4, 90];
    const exits = weights.map((weight, index) => exit(`ext_000${index}`, { weight }));
    const random = seededRandom(1);
    const counts = new Map<string, number>();
    const dials = 50_000;
    for (let dial = 0; dial < dials; dial += 1) {
      const id = chooseExit(exits, wanted, { kind: 'rotating', random }, nowMs)?.id ?? '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const { id, weight } of exits) {
      const expected = (dials * weight) / 100;
      // Five standard deviations of a binomial; the seed is fixed, so this cannot flicker.
      expect(Math.abs((counts.get(id) ?? 0) - expected), id).toBeLessThan(5 * Math.sqrt(expected));
    }
  });

  it('has an exit for either end of the range of random', () => {
    const exits = [exit('ext_0001', { weight: 3 }), exit('ext_0002', { weight: 1 })];
    const at = (random: number) => chooseExit(exits, wanted, rotating(random), nowMs)?.id;
    expect([at(0), at(0.749_999), at(0.75), at(1 - Number.EPSILON)]).toEqual([
      'ext_0001',
      'ext_0001',
      'ext_0002',
      'ext_0002',
    ]);
  });
});

test('an exit is live until the moment it expires', () => {
  const one = exit('ext_0001', { expires_at: '2026-11-20T12:00:00.001Z' });
  expect([isLive(one, nowMs), isLive(one, nowMs + 1)]).toEqual([true, false]);
});
