import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-code.ts';
import { formatTime } from '../render/amount.ts';
import { printable } from '../render/paint.ts';
import { progressBar } from '../render/progress.ts';
import { table } from '../render/table.ts';

/** Few enough that the bar moves, and well below what one request may hold. */
const linesPerRequest = 100;
const maxImportBytes = 256 * 1024 * 1024;
const maxListed = 10_000;

/** What became of one line of the file. */
interface LineReport {
  /** From 1. */
  readonly line: number;
  readonly outcome: 'added' | 'updated' | 'dropped' | 'invalid';
  readonly id: string | null;
  readonly error: string | null;
}

/** `operator exits …`. */
export function exitCommands(operator: Command, run: Run): void {
  const exits = operator.command('exits').description('the exits of the Reserve');
  does(exits.command('list').description('list the exits'), run, async (context) => {
    const call = { signal: context.terminal.signal };
    const data = await context.operator().operator.exits.list({ limit: 100 }, call).take(maxListed);
    context.show(data, () =>
      table(
        ['ID', 'COUNTRY', 'NETWORK', 'EXIT IP', 'GRADE', 'PURITY', 'LIVE', 'EXPIRES'],
        data.map((row) => [
          row.id,
          row.country,
          row.network,
          row.exit_ip,
          row.grade,
          String(row.purity),
          row.is_live ? 'yes' : 'no',
          formatTime(row.expires_at),
        ]),
        context.paint,
        'The Reserve is empty. Fill it with `marvel operator exits import <file>`.',
      ),
    );
    return undefined;
  });

  does(
    exits
      .command('import <file>')
      .description('take exits into the Reserve: JSON lines, or - for standard input')
      .addHelpText(
        'after',
        '\nEach line is judged by itself; the report names every line that was not taken, and why.',
      ),
    run,
    async (context, _options, [file = '']) => {
      const text = file === '-' ? await context.terminal.readIn(maxImportBytes) : await readLines(file);
      const reports = await importLines(context, text);
      const count = (outcome: LineReport['outcome']) => reports.filter((report) => report.outcome === outcome).length;
      const counts = {
        added: count('added'),
        updated: count('updated'),
        dropped: count('dropped'),
        invalid: count('invalid'),
      };
      context.show({ ...counts, lines: reports }, () => {
        const refused = reports.filter(({ outcome }) => outcome === 'dropped' || outcome === 'invalid');
        const summary = `${counts.added} added, ${counts.updated} updated, ${counts.dropped} dropped by the Gauntlet, ${counts.invalid} invalid.`;
        const lines = refused.map(({ line, outcome, error }) => `line ${line}: ${outcome}: ${printable(error ?? '')}`);
        return [...lines, summary].join('\n');
      });
      return counts.invalid + counts.dropped === 0 ? undefined : exitCodes.notInOrder;
    },
  );

  does(
    exits.command('drop <id>').description('drop an exit; its open tunnels are cut'),
    run,
    async (context, _options, [id = '']) => {
      await context.operator().operator.exits.drop(id, { signal: context.terminal.signal });
      context.show({ id, dropped: true }, () => `Dropped ${id}.`);
      return undefined;
    },
  );
}

async function readLines(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new CliError({ code: 'no_such_file', message: `${file} cannot be read`, exitCode: exitCodes.usage });
  }
}

/** Sends the lines that are JSON, a hundred at a time; the others are reported where they stand. */
async function importLines(context: Context, text: string): Promise<readonly LineReport[]> {
  const reports: LineReport[] = [];
  const exits: { readonly line: number; readonly value: unknown }[] = [];
  for (const [index, lineText] of text.split('\n').entries()) {
    if (lineText.trim() === '') continue;
    try {
      exits.push({ line: index + 1, value: JSON.parse(lineText) });
    } catch {
      reports.push({ line: index + 1, outcome: 'invalid', id: null, error: 'is not JSON' });
    }
  }
  const { operator } = context.operator();
  const bar = progressBar(context.terminal, exits.length);
  let judged = 0;
  try {
    for (let start = 0; start < exits.length; start += linesPerRequest) {
      bar.advance(start);
      const batch = exits.slice(start, start + linesPerRequest);
      const report = await operator.exits.import(
        batch.map(({ value }) => value),
        { signal: context.terminal.signal },
      );
      for (const { index, outcome, id, error } of report.data) {
        reports.push({ line: batch[index]?.line ?? 0, outcome, id, error });
      }
      judged += batch.length;
    }
  } finally {
    bar.end();
    if (judged < exits.length) {
      context.note(
        `${judged} of ${exits.length} lines were judged. Import the file again: exits that are there are updated.`,
      );
    }
  }
  return reports.toSorted((a, b) => a.line - b.line);
}
