import { expect, test } from 'vitest';
import { toAvailability } from './availability.ts';

const count = { country: 'US', exits: 3, grades: { S: 1, A: 1, B: 1 }, meanPurity: 81.25, dials: 0, failedDials: 0 };

test('of grades that are equally many the best is dominant, else the most frequent', () => {
  expect(toAvailability(count).dominant_grade).toBe('S');
  expect(toAvailability({ ...count, grades: { S: 0, A: 2, B: 2 } }).dominant_grade).toBe('A');
  expect(toAvailability({ ...count, grades: { S: 1, A: 1, B: 2 } }).dominant_grade).toBe('B');
});

test('the share of dials that succeeded is unknown without any', () => {
  expect(toAvailability(count).dial_success).toBeNull();
  expect(toAvailability({ ...count, dials: 3, failedDials: 1 }).dial_success).toBe(0.667);
  expect(toAvailability({ ...count, dials: 3, failedDials: 3 }).dial_success).toBe(0);
});
