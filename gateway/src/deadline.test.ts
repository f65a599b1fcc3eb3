import { expect, test } from 'vitest';
import { Deadline } from './deadline.ts';

/** A deadline that tells, by resolving, when it passed. */
function openDeadline() {
  const { promise: passed, resolve } = Promise.withResolvers<number>();
  const deadline = new Deadline({ onDeadline: () => resolve(performance.now()) });
  return { deadline, passed };
}

test('passes when it was last set to, moved later or sooner', async () => {
  for (const [first, last] of [
    [20, 120],
    [10_000, 40],
  ] as const) {
    const { deadline, passed } = openDeadline();
    const nowMs = performance.now();
    deadline.set(first, nowMs);
    deadline.set(last, nowMs);
    expect(await passed).toBeGreaterThanOrEqual(nowMs + last);
  }
});

test('does not pass while it is lifted, and does once it is set again, with its timer or after it', async () => {
  const { deadline, passed } = openDeadline();
  const other = openDeadline();
  const nowMs = performance.now();
  deadline.set(20, nowMs);
  deadline.lift();
  other.deadline.set(60, nowMs);
  expect(await Promise.race([passed.then(() => 'lifted'), other.passed.then(() => 'other')])).toBe('other');
  deadline.set(20, performance.now());
  await passed;
});

test('keeps nothing running once it has ended', () => {
  const { deadline } = openDeadline();
  const before = timers();
  deadline.set(10_000, performance.now());
  expect(timers()).toBe(before + 1);
  deadline.end();
  expect(timers()).toBe(before);
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
