/** What the kernel accounts of one process. Source: proc(5), /proc/pid/stat. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Whether it has ended and only waits to be reaped: it still holds its CPU time, and no memory. */
  readonly ended: boolean;
  /** User and system time of all its threads, living and dead, clock ticks. */
  readonly ownTicks: number;
  /** The same of its children that have ended and were waited for, and of theirs. */
  readonly reapedTicks: number;
  /** Resident set, pages. */
  readonly residentPages: number;
}

/** Reads a line of `/proc/<pid>/stat`; `undefined` for anything else. The command in it may hold blanks and brackets. */
export function parseProcessStat(line: string): ProcessStat | undefined {
  const commandEnd = line.lastIndexOf(')');
  const pid = Number.parseInt(line, 10);
  // From the third field on, so field n of the manual is at n - 3.
  const fields = line
    .slice(commandEnd + 1)
    .trim()
    .split(/\s+/);
  if (commandEnd === -1 || !Number.isSafeInteger(pid) || fields.length < 22) return undefined;
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid,
    parent: field(4),
    ended: fields[0] === 'Z' || fields[0] === 'X',
    ownTicks: field(14) + field(15),
    reapedTicks: field(16) + field(17),
    residentPages: field(24),
  };
}

/** Those of `all` that are the process `root` or descend from it. */
export function treeOf(root: number, all: readonly ProcessStat[]): readonly ProcessStat[] {
  const children = Map.groupBy(all, (one) => one.parent);
  const tree = all.filter((one) => one.pid === root);
  // Grows while it is walked; a process has one parent, so each is added once.
  for (const one of tree) tree.push(...(children.get(one.pid) ?? []));
  return tree;
}

/** CPU time of a tree, its ended and reaped descendants included, clock ticks. */
export function treeTicks(tree: readonly ProcessStat[]): number {
  return tree.reduce((sum, one) => sum + one.ownTicks + one.reapedTicks, 0);
}

/** Resident set of a tree, pages; what processes share is counted in each. */
export function treeResidentPages(tree: readonly ProcessStat[]): number {
  return tree.reduce((sum, one) => sum + (one.ended ? 0 : one.residentPages), 0);
}
