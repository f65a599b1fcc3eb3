import { describe, expect, test } from 'vitest';
import { formatNumber, formatOptional, formatSpread, markdownTable } from './format.ts';

test.each([
  [0.15512, '0.155'],
  [0.99961, '1.00'],
  [1.5, '1.50'],
  [12.345, '12.3'],
  [126.4, '126'],
  [999.7, '1,000'],
  [14_046.7, '14,047'],
  [0, '0.000'],
  [-2.3456, '-2.35'],
])('%d is written %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test('a spread shows its median first, and nothing is a dash', () => {
  expect(formatSpread({ median: 0.2, min: 0.1, max: 10 })).toBe('0.200 (0.100 to 10.0)');
  expect(formatSpread(undefined)).toBe('-');
  expect(formatOptional(undefined, 'x')).toBe('-');
  expect(formatOptional(2, 'x')).toBe('2.00x');
});

describe('markdownTable', () => {
  test('aligns its columns', () => {
    expect(
      markdownTable(
        ['proxy', 'CPU'],
        [
          ['splice', '0.155'],
          ['node-pipe', '1'],
        ],
      ),
    ).toBe(
      ['| proxy     |   CPU |', '|-----------|------:|', '| splice    | 0.155 |', '| node-pipe |     1 |'].join('\n'),
    );
  });

  test('keeps a bar in a cell from ending it, and fills cells that are missing', () => {
    expect(markdownTable(['a', 'b'], [['x|y']])).toBe(
      ['| a    |   b |', '|------|----:|', '| x\\|y |     |'].join('\n'),
    );
  });
});
