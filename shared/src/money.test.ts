import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { currencyDigits, formatMoney, parseMoney } from './money.ts';

test.each([
  ['usd', 2],
  ['USD', 2],
  ['jpy', 0],
  ['kwd', 3],
  ['huf', 2],
  ['IDR', 2],
  ['mga', 0],
  ['', 2],
  ['us', 2],
  ['us dollars', 2],
])('%j has %i decimal places', (currency, digits) => {
  expect(currencyDigits(currency)).toBe(digits);
});

test.each([
  ['12', 'usd', 1200],
  ['12.5', 'usd', 1250],
  [' 12.50 ', 'usd', 1250],
  ['0', 'usd', 0],
  ['0.01', 'usd', 1],
  ['500', 'jpy', 500],
  ['1.234', 'kwd', 1234],
  ['12.345', 'usd', undefined],
  ['500.00', 'jpy', undefined],
  ['1,50', 'usd', undefined],
  ['-1', 'usd', undefined],
  ['1e3', 'usd', undefined],
  ['1.', 'usd', undefined],
  ['', 'usd', undefined],
])('%j in %s is %j of its smallest unit', (text, currency, amount) => {
  expect(parseMoney(text, currency)).toBe(amount);
});

test('what is written with all its decimal places is read back exactly', () => {
  fc.assert(
    fc.property(fc.nat(99_999_999), fc.constantFrom('usd', 'jpy', 'kwd'), (amount, currency) => {
      const digits = currencyDigits(currency);
      expect(parseMoney((amount / 10 ** digits).toFixed(digits), currency)).toBe(amount);
    }),
  );
});

test.each([
  [1234, 'usd', '$12.34'],
  [500, 'jpy', '¥500'],
  // What people leave out and the payment provider charges by.
  [350_000, 'huf', 'HUF\u00a03,500.00'],
  [500, 'mga', 'MGA\u00a0500'],
])('%i in %s reads as %s', (amount, currency, text) => {
  expect(formatMoney(amount, currency)).toBe(text);
});
