import { describe, expect, test } from 'vitest';
import { parseProcessStat, type ProcessStat, treeOf, treeResidentPages, treeTicks } from './process-stat.ts';

const line =
  '4242 (squid) helper) S 1 4242 4242 0 -1 4194560 812 31 0 0 150 25 7 3 20 0 11 0 90210 812345 2077 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0';

function stat(pid: number, parent: number, more: Partial<ProcessStat> = {}): ProcessStat {
  return { pid, parent, ended: false, ownTicks: 1, reapedTicks: 0, residentPages: 10, ...more };
}

describe('parseProcessStat', () => {
  test('reads times and memory past a command with brackets and blanks', () => {
    expect(parseProcessStat(line)).toEqual({
      pid: 4242,
      parent: 1,
      ended: false,
      ownTicks: 175,
      reapedTicks: 10,
      residentPages: 2077,
    });
  });

  test('knows a process that only waits to be reaped', () => {
    expect(parseProcessStat(line.replace(' S ', ' Z '))?.ended).toBe(true);
  });

  test.each(['', 'no such process', '12 (short) S 1 2', '(nameless) S 1 2 3'])('gives nothing for %o', (text) => {
    expect(parseProcessStat(text)).toBeUndefined();
  });
});

describe('a process tree', () => {
  const all = [stat(9, 3), stat(1, 0), stat(2, 1), stat(3, 2), stat(7, 1), stat(4, 2)];

  test('holds the root and all that descend from it, and nobody else', () => {
    expect(
      treeOf(2, all)
        .map((one) => one.pid)
        .toSorted((a, b) => a - b),
    ).toEqual([2, 3, 4, 9]);
    expect(treeOf(5, all)).toEqual([]);
  });

  test('costs what its living, its dead and its reaped members cost', () => {
    const tree = [stat(2, 1, { reapedTicks: 40 }), stat(3, 2, { ended: true, ownTicks: 5, residentPages: 99 })];
    expect(treeTicks(tree)).toBe(46);
    expect(treeResidentPages(tree)).toBe(10);
  });
});
