import type { ExitImportLine, ExitImportOutcome } from '@marvel/shared/api/operator';
import type { Grade } from '@marvel/shared/exit';
import type { Result } from '@marvel/shared/result';
import { judgeEvidence } from '@marvel/shared/verdict';
import type * as v from 'valibot';

/** A line that passed the Gauntlet. */
export interface PassedLine {
  readonly line: ExitImportLine;
  readonly purity: number;
  readonly grade: Grade;
  readonly seals: readonly string[];
}

/** A line that a gate dropped. */
export interface DroppedLine {
  readonly line: ExitImportLine;
  readonly gate: string;
}

/** What is to be done with an import, and with each line by its index. */
export interface JudgedImport {
  readonly passed: readonly PassedLine[];
  readonly dropped: readonly DroppedLine[];
  readonly lines: readonly LineJudgement[];
}

type LineJudgement =
  | { readonly kind: 'passed'; readonly place: string }
  | { readonly kind: 'dropped'; readonly place: string; readonly gate: string }
  | { readonly kind: 'invalid'; readonly error: string };

/** What makes two lines the same exit: its address, and the type, host and port that lead there. */
export function exitPlace({ exit_ip, transport }: Pick<ExitImportLine, 'exit_ip' | 'transport'>): string {
  return [exit_ip, transport.type, transport.host, transport.port].join(' ');
}

/** Reads a line, or says what is wrong with it and nothing of what it held, which may be a secret. */
type ReadLine = (line: unknown) => Result<ExitImportLine, string>;

/** Judges each line by itself: its shape, whether it is the first of its place, and its evidence. */
export function judgeImport(exits: readonly unknown[], readLine: ReadLine): JudgedImport {
  const passed: PassedLine[] = [];
  const dropped: DroppedLine[] = [];
  const firstAt = new Map<string, number>();
  const lines = exits.map((exit, index): LineJudgement => {
    const read = readLine(exit);
    if (!read.ok) return { kind: 'invalid', error: read.error };
    const line = read.value;
    const place = exitPlace(line);
    const first = firstAt.get(place);
    if (first !== undefined) return { kind: 'invalid', error: `is the same exit as line ${first}` };
    firstAt.set(place, index);
    const verdict = judgeEvidence(line.evidence, line);
    if (verdict.kind === 'drop') {
      dropped.push({ line, gate: verdict.gate });
      return { kind: 'dropped', place, gate: verdict.gate };
    }
    passed.push({ line, purity: verdict.purity, grade: verdict.grade, seals: verdict.seals });
    return { kind: 'passed', place };
  });
  return { passed, dropped, lines };
}

/** Says what became of each line, given the exits that are now at the places. */
export function reportImport(
  { lines }: JudgedImport,
  exits: ReadonlyMap<string, { readonly id: string; readonly isNew: boolean }>,
): v.InferOutput<typeof ExitImportOutcome>[] {
  return lines.map((line, index) => {
    if (line.kind === 'invalid') return { index, id: null, outcome: 'invalid', error: line.error };
    const exit = exits.get(line.place);
    const id = exit?.id ?? null;
    if (line.kind === 'dropped') return { index, id, outcome: 'dropped', error: line.gate };
    return { index, id, outcome: exit?.isNew === true ? 'added' : 'updated', error: null };
  });
}
