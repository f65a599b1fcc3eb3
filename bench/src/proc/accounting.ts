import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseProcessStat, type ProcessStat, treeOf, treeResidentPages, treeTicks } from './process-stat.ts';

/** What a process tree has used so far, and holds now. */
export interface Usage {
  /** User and system time, children included, seconds; the kernel counts in steps of 10 ms. */
  readonly cpuSeconds: number;
  readonly residentKb: number;
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const pageKb = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })) / 1024;

function readStat(pid: string): ProcessStat | undefined {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It ended between the listing and the reading; its parent has its time now.
    return undefined;
  }
}

/** Reads the accounts of several trees at one moment: one pass over `/proc`. A tree that is gone has used nothing. */
export function readUsage(roots: readonly number[]): readonly Usage[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(name) ?? []) : []));
  return roots.map((root) => {
    const tree = treeOf(root, all);
    return { cpuSeconds: treeTicks(tree) / ticksPerSecond, residentKb: treeResidentPages(tree) * pageKb };
  });
}
