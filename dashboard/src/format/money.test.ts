import { expect, test } from 'vitest';
import { formatMoney } from './money.ts';

test.each([
  [1234, 'usd', '$12.34'],
  [500, 'jpy', '¥500'],
  // What people leave out and the payment provider charges by.
  [350_000, 'huf', 'HUF\u00a03,500.00'],
  [500, 'mga', 'MGA\u00a0500'],
])('%i in %s reads as %s', (amount, currency, text) => {
  expect(formatMoney(amount, currency)).toBe(text);
});
