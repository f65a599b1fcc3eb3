import { array, assert, boolean, nat, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { Roster, type Seat } from './roster.ts';

test('a roster holds what a set would, whatever comes and goes', () => {
  assert(
    property(array(tuple(boolean(), nat({ max: 30 })), { maxLength: 200 }), (steps) => {
      const roster = new Roster<number>();
      const seats: Seat<number>[] = [];
      const expected = new Set<number>();
      for (const [adds, pick] of steps) {
        const seat = seats[pick % Math.max(1, seats.length)];
        if (adds || seat === undefined) {
          expected.add(seats.length);
          seats.push(roster.add(seats.length));
        } else {
          // Often one that was given up already.
          expected.delete(seat.item);
          roster.remove(seat);
        }
        expect(roster.size).toBe(expected.size);
      }
      expect(new Set(roster.items())).toEqual(expected);
    }),
  );
});

test('what is listed stays listed while seats are given up', () => {
  const roster = new Roster<Seat<unknown>[]>();
  const mine: Seat<unknown>[][] = [[], [], []];
  const seats = mine.map((item) => roster.add(item));
  for (const item of roster.items()) {
    item.push(...seats);
    for (const seat of seats) roster.remove(seat);
  }
  expect(mine.map(({ length }) => length)).toEqual([3, 3, 3]);
  expect(roster.size).toBe(0);
});
