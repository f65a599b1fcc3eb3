import { expect, test } from 'vitest';
import { readExitLines } from './exit-lines.ts';
import { importExits } from './import-exits.ts';

test('every line of a long file has its outcome under its own number, however many calls it takes', async () => {
  const text = ['not json', '', ...Array.from({ length: 2100 }, (_, index) => JSON.stringify({ n: index }))].join('\n');
  const sizes: number[] = [];
  const progress: number[] = [];
  const report = await importExits(
    readExitLines(text),
    async (exits) => {
      sizes.push(exits.length);
      return { data: exits.map((_, index) => ({ index, id: 'ext_1', outcome: 'added' as const, error: null })) };
    },
    (done) => progress.push(done),
  );
  expect(sizes).toEqual([1000, 1000, 100]);
  expect(progress).toEqual([1000, 2000, 2100]);
  expect(report.map(({ line }) => line)).toEqual([1, ...Array.from({ length: 2100 }, (_, index) => index + 3)]);
  expect(report[0]).toEqual({ line: 1, outcome: 'unreadable', id: null, error: 'is not JSON' });
});

test('a JSON array is a line for each of its members', () => {
  expect(readExitLines('[{"a":1},\n{"a":2}]').map(({ line, value }) => [line, value])).toEqual([
    [1, { a: 1 }],
    [2, { a: 2 }],
  ]);
});
