import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchResult } from '../result.ts';
import { renderReport } from './render-report.ts';
import { replaceSection } from './replace-section.ts';

const room = join(import.meta.dirname, '../..');

/** What a run covered, which says where its result belongs. */
export interface Coverage {
  /** Whether it was a look and no measurement. */
  readonly quick: boolean;
  /** Workloads that were asked for; empty for all. */
  readonly groups: readonly string[];
  /** Subjects that were asked for; empty for all. */
  readonly only: readonly string[];
}

/**
 * Keeps a result: a full run in `results/` and the README, a partial one in `results/` under its own name, a quick one only
 * in `scratch`. Gives the files written.
 */
export async function writeResult(
  result: BenchResult,
  coverage: Coverage,
  scratch: string,
): Promise<readonly string[]> {
  const folder = coverage.quick ? scratch : join(room, 'results');
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${[result.date, ...coverage.groups, ...coverage.only].join('-')}.json`);
  await writeFile(file, `${JSON.stringify(result, null, 1)}\n`);
  if (coverage.quick || coverage.groups.length > 0 || coverage.only.length > 0) return [file];
  const readme = join(room, 'README.md');
  const page = replaceSection(await readFile(readme, 'utf8'), renderReport(result));
  if (page === undefined) throw new Error(`${readme} has lost the marks between which the results go`);
  await writeFile(readme, page);
  return [file, readme];
}
