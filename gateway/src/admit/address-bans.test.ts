import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressBans } from './address-bans.ts';

const rule = { refusals: 3, windowMs: 60, banMs: 600 };

/** Bans under a clock that the test sets. */
function bansAt(): { readonly bans: AddressBans; readonly clock: { nowMs: number } } {
  const clock = { nowMs: 1000 };
  return { bans: new AddressBans(rule, () => clock.nowMs), clock };
}

describe('an address', () => {
  test('is banned by the last of so many refusals in the window, and free again when its time is over', () => {
    const { bans, clock } = bansAt();
    expect([bans.note('192.0.2.1'), bans.note('192.0.2.1')]).toEqual([false, false]);
    expect(bans.isBanned('192.0.2.1')).toBe(false);
    expect(bans.note('192.0.2.1')).toBe(true);
    expect(bans.isBanned('192.0.2.1')).toBe(true);
    expect(bans.isBanned('192.0.2.2')).toBe(false);
    clock.nowMs += rule.banMs - 1;
    expect(bans.isBanned('192.0.2.1')).toBe(true);
    clock.nowMs += 1;
    expect(bans.isBanned('192.0.2.1')).toBe(false);
    // And starts at none.
    expect([bans.note('192.0.2.1'), bans.note('192.0.2.1'), bans.note('192.0.2.1')]).toEqual([false, false, true]);
  });

  test('is not banned longer for knocking on', () => {
    const { bans, clock } = bansAt();
    for (let count = 0; count < 3; count += 1) bans.note('192.0.2.1');
    clock.nowMs += rule.banMs - 1;
    expect(bans.note('192.0.2.1')).toBe(false);
    clock.nowMs += 1;
    expect(bans.isBanned('192.0.2.1')).toBe(false);
  });

  test('is banned exactly when that many refusals are less than a window apart', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 }), (gaps) => {
        const { bans, clock } = bansAt();
        const times: number[] = [];
        for (const gap of gaps) {
          clock.nowMs += gap;
          times.push(clock.nowMs);
          const third = times.at(-rule.refusals);
          const isTooMany = third !== undefined && clock.nowMs - third < rule.windowMs;
          expect(bans.note('192.0.2.1')).toBe(isTooMany);
          if (isTooMany) return;
        }
      }),
    );
  });

  test('of IPv6 is its /64', () => {
    const { bans } = bansAt();
    for (const last of ['1', '2', '3']) bans.note(`2001:db8:0:1::${last}`);
    expect(bans.isBanned('2001:db8:0:1:ffff::9')).toBe(true);
    expect(bans.isBanned('2001:db8:0:2::1')).toBe(false);
  });

  test('that waits for the challenge each time and then has a good key is never banned', () => {
    const { bans } = bansAt();
    for (let count = 0; count < 10; count += 1) {
      expect(bans.note('192.0.2.1')).toBe(false);
      bans.forgive('192.0.2.1');
    }
    bans.forgive('192.0.2.9');
    expect(bans.isBanned('192.0.2.1')).toBe(false);
  });
});

test('memory is bounded however many addresses knock, and a ban outlasts those that only try', () => {
  const { bans, clock } = bansAt();
  for (let count = 0; count < 3; count += 1) bans.note('192.0.2.1');
  for (let count = 0; count < 40_000; count += 1) bans.note(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`);
  expect(bans.isBanned('192.0.2.1')).toBe(true);
  for (let count = 0; count < 40_000 * 3; count += 1) {
    const address = Math.floor(count / 3);
    bans.note(`10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`);
  }
  expect(bans.count).toBe(16_384);
  clock.nowMs += rule.banMs;
  bans.sweep();
  expect(bans.count).toBe(0);
});
