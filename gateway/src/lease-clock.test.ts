import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLeaseClock } from './lease-clock.ts';

function scripted() {
  const at = { monotonicMs: 5000, wallMs: 1_700_000_000_000 };
  const now = createLeaseClock({ monotonicMs: () => at.monotonicMs, wallMs: () => at.wallMs });
  const pass = (monotonicMs: number, wallMs: number) => {
    at.monotonicMs += monotonicMs;
    at.wallMs += wallMs;
  };
  return { now, pass };
}

test('starts at zero and advances with both clocks', () => {
  const { now, pass } = scripted();
  expect(now()).toBe(0);
  pass(250, 250);
  expect(now()).toBe(250);
});

test('a suspended machine is counted by the wall clock', () => {
  const { now, pass } = scripted();
  pass(10, 3_600_010);
  expect(now()).toBe(3_600_010);
});

test('a wall step back changes nothing, and a suspend after it still counts', () => {
  const { now, pass } = scripted();
  pass(1000, 1000 - 7_200_000);
  expect(now()).toBe(1000);
  pass(5, 600_005);
  expect(now()).toBe(601_005);
});

test('the rounding of the wall clock does not make it run fast', () => {
  const at = { ms: 0 };
  const now = createLeaseClock({ monotonicMs: () => at.ms, wallMs: () => Math.floor(at.ms) });
  for (let step = 0; step < 10_000; step += 1) {
    at.ms += 0.1;
    now();
  }
  expect(now()).toBeLessThan(1002);
});

test('in every interval it passes at least as much as either clock (a second short at most), and no more than the larger', () => {
  const interval = fc.record({ monotonicMs: fc.nat(10_000), wallMs: fc.integer({ min: -1_000_000, max: 1_000_000 }) });
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 50 }), (intervals) => {
      const { now, pass } = scripted();
      for (const { monotonicMs, wallMs } of intervals) {
        const before = now();
        pass(monotonicMs, wallMs);
        const passed = now() - before;
        expect(passed).toBeGreaterThanOrEqual(Math.max(monotonicMs, wallMs - 1000));
        expect(passed).toBeLessThanOrEqual(Math.max(monotonicMs, wallMs));
      }
    }),
  );
});
