import type { ExitImportReport } from '@marvel/sdk';
import type { ExitLine } from './exit-lines.ts';

/** What became of one line. */
export interface ImportedLine {
  readonly line: number;
  readonly outcome: 'added' | 'updated' | 'dropped' | 'invalid' | 'unreadable';
  readonly id: string | null;
  readonly error: string | null;
}

/** As many as one call may hold. */
const callSize = 1000;

/** Imports every line that can be read, a call of many after the other, and tells how far it is after each. */
export async function importExits(
  lines: readonly ExitLine[],
  call: (exits: readonly unknown[]) => Promise<ExitImportReport>,
  onProgress: (done: number) => void,
): Promise<readonly ImportedLine[]> {
  const report: ImportedLine[] = lines
    .filter(({ isReadable }) => !isReadable)
    .map(({ line }) => ({ line, outcome: 'unreadable', id: null, error: 'is not JSON' }));
  const readable = lines.filter(({ isReadable }) => isReadable);
  for (let start = 0; start < readable.length; start += callSize) {
    const part = readable.slice(start, start + callSize);
    const { data } = await call(part.map(({ value }) => value));
    for (const { index, outcome, id, error } of data) {
      report.push({ line: part[index]?.line ?? start + index + 1, outcome, id, error });
    }
    onProgress(start + part.length);
  }
  return report.toSorted((a, b) => a.line - b.line);
}
