import { chooseExit } from '@marvel/shared/choose-exit';
import type { Exit } from '@marvel/shared/exit';
import type { NodeRecord } from '@marvel/shared/feed';
import { err } from '@marvel/shared/result';
import type { PinLine } from '@marvel/shared/usage-batch';
import { assert, constantFrom, integer, property, record, uniqueArray } from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ExitWish } from '../offer.ts';
import { FakeFleet } from '../../test-support/fake-fleet.ts';
import { exitRecord } from '../../test-support/test-gateway.ts';
import { ExitChooser } from './exit-chooser.ts';

const account = 'acc_0001';
const nowMs = Date.parse('2030-01-01T00:00:00.000Z');
const minuteMs = 60_000;
const wish: ExitWish = { network: 'residential', country: 'US', minPurity: 0, onExitLoss: 'repin' };
const sticky: ExitWish = { ...wish, session: 'a' };
const none: ReadonlySet<string> = new Set();

let fleet: FakeFleet;
let pins: PinLine[];
let chooser: ExitChooser;
beforeEach(() => {
  fleet = new FakeFleet();
  pins = [];
  chooser = new ExitChooser(fleet, randomOf(1), (pin) => pins.push(pin));
});

/** Numbers in [0, 1) that look random and are the same each time (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function add(id: string, changes: Partial<Exit> = {}): Exit {
  const exit = exitRecord(id, 1, changes);
  fleet.exitsById.set(id, exit);
  chooser.apply(exit);
  return exit;
}

function drop(id: string): void {
  fleet.exitsById.delete(id);
  chooser.apply({ kind: 'tombstone', of: 'exit', id });
}

function chosen(asked: ExitWish, atMs = nowMs) {
  const choice = chooser.choose(account, asked, none, atMs);
  return choice.ok ? { exit: choice.value.exit.id, ...choice.value.pin } : choice.error;
}

describe('a rotating choice', () => {
  test('passes over an exit that could not be reached, for longer each time, while another fits', () => {
    add('ext_dead', { grade: 'S' });
    add('ext_other', { grade: 'A' });
    const exitAt = (atMs: number) => {
      const choice = chooser.choose(account, wish, none, atMs);
      return choice.ok ? choice.value.exit.id : choice.error;
    };
    expect(exitAt(nowMs)).toBe('ext_dead');
    let atMs = nowMs;
    for (const forMs of [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      chooser.noteDial('ext_dead', false, atMs);
      expect(exitAt(atMs + forMs - 1)).toBe('ext_other');
      expect(exitAt(atMs + forMs)).toBe('ext_dead');
      atMs += forMs;
    }
    chooser.noteDial('ext_dead', false, atMs);
    drop('ext_other');
    expect(exitAt(atMs)).toBe('ext_dead');
    add('ext_other', { grade: 'A' });
    expect(exitAt(atMs)).toBe('ext_other');
    chooser.noteDial('ext_dead', true, atMs);
    expect(exitAt(atMs)).toBe('ext_dead');
    chooser.noteDial('ext_dead', false, atMs);
    add('ext_dead', { grade: 'S' });
    expect(exitAt(atMs)).toBe('ext_dead');
  });

  test('falls on each fitting exit of the best grade by its weight, as the rule of all does', () => {
    const exits = uniqueArray(
      record({
        id: integer({ min: 1, max: 9 }),
        grade: constantFrom('S' as const, 'A' as const, 'B' as const),
        weight: integer({ min: 1, max: 5 }),
        purity: integer({ min: 60, max: 100 }),
        expires_at: constantFrom('2029-01-01T00:00:00.000Z', '2031-01-01T00:00:00.000Z'),
      }),
      { selector: ({ id }) => id, maxLength: 9 },
    );
    assert(
      property(exits, constantFrom(0, 80, 95), (records, minPurity) => {
        fleet.exitsById.clear();
        chooser.apply({ kind: 'reset' });
        for (const { id, ...changes } of records) add(`ext_000${id}`, changes);
        const draws = 400;
        const counts = new Map<string, number>();
        const random = randomOf(7);
        const expected = new Map<string, number>();
        const wanted = { network: 'residential', country: 'US', minPurity } as const;
        for (let draw = 0; draw < draws; draw += 1) {
          const choice = chooser.choose(account, { ...wish, minPurity }, none, nowMs);
          const id = choice.ok ? choice.value.exit.id : 'none';
          counts.set(id, (counts.get(id) ?? 0) + 1);
          const by = chooseExit(fleet.exitsById.values(), wanted, { kind: 'rotating', random }, nowMs)?.id ?? 'none';
          expected.set(by, (expected.get(by) ?? 0) + 1);
        }
        for (const id of new Set([...counts.keys(), ...expected.keys()])) {
          // Some five standard deviations of a difference of two draws.
          expect(Math.abs((counts.get(id) ?? 0) - (expected.get(id) ?? 0))).toBeLessThan(5 * Math.sqrt(draws / 2));
        }
        expect([...counts.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test('sees an exit that came, changed or went at once', () => {
    add('ext_0001', { grade: 'A' });
    expect(chosen(wish)).toEqual({ exit: 'ext_0001' });
    add('ext_0002', { grade: 'S' });
    expect(chosen(wish)).toEqual({ exit: 'ext_0002' });
    add('ext_0002', { grade: 'B' });
    expect(chosen(wish)).toEqual({ exit: 'ext_0001' });
    drop('ext_0001');
    expect(chosen(wish)).toEqual({ exit: 'ext_0002' });
    drop('ext_0002');
    expect(chosen(wish)).toBe('no_capacity');
  });

  test('leaves out what failed, what has expired and what is elsewhere', () => {
    add('ext_0001');
    add('ext_0002', { expires_at: new Date(nowMs).toISOString() });
    add('ext_0003', { country: 'DE' });
    add('ext_0004', { network: 'isp' });
    expect(chosen(wish)).toEqual({ exit: 'ext_0001' });
    expect(chooser.choose(account, wish, new Set(['ext_0001']), nowMs).ok).toBe(false);
  });
});

describe('a sticky choice', () => {
  beforeEach(() => {
    for (let id = 1; id <= 8; id += 1) add(`ext_000${id}`);
  });

  test('is the same at every gateway, for the same account and session', () => {
    const other = new ExitChooser(fleet, randomOf(2), () => {});
    const sessions = Array.from({ length: 50 }, (_, index) => `s${index}`);
    const exits = sessions.map((session) => {
      const [here, there] = [chooser, other].map((each) => each.choose(account, { ...wish, session }, none, nowMs));
      expect(here).toEqual(there);
      return here?.ok === true ? here.value.exit.id : undefined;
    });
    expect(new Set(exits).size).toBeGreaterThan(5);
  });

  test('holds for ten minutes, then counts up', () => {
    const first = chosen(sticky);
    expect(first).toMatchObject({ generation: 1, expiresAtMs: nowMs + 10 * minuteMs });
    add('ext_0009', { purity: 100 });
    expect(chosen({ ...sticky, minPurity: 50 }, nowMs + 10 * minuteMs - 1)).toEqual(first);
    expect(chosen(sticky, nowMs + 10 * minuteMs)).toMatchObject({ generation: 2, expiresAtMs: nowMs + 20 * minuteMs });
    expect(pins.map(({ generation }) => generation)).toEqual([1, 2]);
  });

  test('holds no longer than its exit', () => {
    const expires_at = new Date(nowMs + minuteMs).toISOString();
    for (const exit of fleet.exitsById.values()) add(exit.id, { expires_at });
    expect(chosen(sticky)).toMatchObject({ expiresAtMs: nowMs + minuteMs });
    expect(pins).toMatchObject([{ expires_at }]);
  });

  test('moves when its exit is gone, unless its client forbids that', () => {
    const first = chosen(sticky);
    const exit = pins[0]?.exit ?? '';
    drop(exit);
    expect(chosen({ ...sticky, onExitLoss: 'fail' })).toBe('no_capacity');
    expect(chosen(sticky)).toMatchObject({ generation: 2 });
    expect(chosen(sticky)).not.toMatchObject({ exit });
    expect(first).toMatchObject({ exit, generation: 1 });
  });

  test('moves when its exit is not good enough, and stays where it is when less is asked', () => {
    chosen(sticky);
    add('ext_0009', { purity: 100 });
    expect(chosen({ ...sticky, minPurity: 98 })).toMatchObject({ exit: 'ext_0009', generation: 2 });
    expect(chosen(sticky)).toMatchObject({ exit: 'ext_0009', generation: 2 });
  });

  test('follows the edge, but not back to where it has moved away from', () => {
    const node = (exit: string, generation: number): NodeRecord => {
      const fixed = { kind: 'node', id: `${account}/a`, account, session: 'a', exit, generation } as const;
      return { ...fixed, expires_at: new Date(nowMs + 5 * minuteMs).toISOString() };
    };
    const tell = (told: NodeRecord): void => {
      fleet.nodes.set(told.id, told);
      chooser.apply(told);
    };
    tell(node('ext_0003', 4));
    expect(chosen(sticky)).toEqual({ exit: 'ext_0003', generation: 4, expiresAtMs: nowMs + 5 * minuteMs });
    drop('ext_0003');
    expect(chosen(sticky)).toMatchObject({ generation: 5 });
    const moved = chosen(sticky);
    tell(node('ext_0003', 4));
    expect(chosen(sticky)).toEqual(moved);
    tell(node('ext_0002', 6));
    expect(chosen(sticky)).toMatchObject({ exit: 'ext_0002', generation: 6 });
    fleet.nodes.clear();
    chooser.apply({ kind: 'tombstone', of: 'node', id: `${account}/a` });
    expect(chosen(sticky)).toMatchObject({ generation: 1 });
  });

  test('is remembered for a while after its end, not for ever', () => {
    chosen(sticky);
    chooser.sweep(nowMs + 10 * minuteMs + 60 * minuteMs - 1);
    expect(chosen(sticky, nowMs + 20 * minuteMs)).toMatchObject({ generation: 2 });
    chooser.sweep(nowMs + 100 * minuteMs);
    expect(chosen(sticky, nowMs + 100 * minuteMs)).toMatchObject({ generation: 1 });
  });
});

describe('another choice after a failed dial', () => {
  test('is any further exit for a rotating client', () => {
    add('ext_0001');
    add('ext_0002');
    expect(chooser.chooseAnother(account, wish, new Set(['ext_0001']), nowMs)).toMatchObject({
      value: { exit: { id: 'ext_0002' } },
    });
    expect(chooser.chooseAnother(account, wish, new Set(['ext_0001', 'ext_0002']), nowMs)).toEqual(err('exit_failed'));
  });

  test('is none for a session whose exit is still there', () => {
    add('ext_0001');
    add('ext_0002');
    chosen(sticky);
    const failed = new Set([pins[0]?.exit ?? '']);
    expect(chooser.chooseAnother(account, sticky, failed, nowMs)).toEqual(err('exit_failed'));
    for (const id of failed) drop(id);
    expect(chooser.chooseAnother(account, { ...sticky, onExitLoss: 'fail' }, failed, nowMs)).toEqual(
      err('no_capacity'),
    );
    expect(chooser.chooseAnother(account, sticky, failed, nowMs)).toMatchObject({ value: { pin: { generation: 2 } } });
  });
});
