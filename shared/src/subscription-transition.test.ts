import { expect, test } from 'vitest';
import {
  isAllowedChange,
  isAllowedStep,
  subscriptionStatuses,
  subscriptionTransitions,
} from './subscription-transition.ts';

test('what is cancelled or completed stays so', () => {
  for (const from of ['cancelled', 'completed'] as const) {
    expect(subscriptionStatuses.filter((to) => isAllowedChange(from, to))).toEqual([]);
  }
});

test('each step leads from its own statuses and from no other', () => {
  const steps = Object.keys(subscriptionTransitions) as (keyof typeof subscriptionTransitions)[];
  const allowed = steps.map((step) => [step, subscriptionStatuses.filter((from) => isAllowedStep(step, from))]);
  expect(Object.fromEntries(allowed)).toEqual({
    pause: ['active'],
    resume: ['paused'],
    cancel: ['active', 'paused', 'past_due'],
    payment_failed: ['active', 'paused'],
    payment_made: ['past_due'],
    payment_made_while_paused: ['past_due'],
    complete: ['active', 'paused', 'past_due'],
  });
});

test('no step leads to where it began', () => {
  expect(subscriptionStatuses.filter((status) => isAllowedChange(status, status))).toEqual([]);
});
