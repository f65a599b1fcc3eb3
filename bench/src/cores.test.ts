import { expect, test } from 'vitest';
import { chooseCores, parseCoreList } from './cores.ts';

test.each([
  ['0-1', [0, 1]],
  ['0-2,5,8-9\n', [0, 1, 2, 5, 8, 9]],
  ['3', [3]],
  ['', []],
  ['x-y', []],
])('the core list %o is %j', (text, cores) => {
  expect(parseCoreList(text)).toEqual(cores);
});

test('the proxy never shares its core with load or origin', () => {
  expect(chooseCores([0, 1])).toEqual({ proxy: 1, load: 0, origin: 0 });
  expect(chooseCores([0, 1, 2, 3])).toEqual({ proxy: 3, load: 0, origin: 1 });
});

test('one core is too few', () => {
  expect(chooseCores([0])).toBeUndefined();
  expect(chooseCores([])).toBeUndefined();
});
