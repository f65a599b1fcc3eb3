import type { LedgerEntry } from '@marvel/sdk';
import { ledgerCauses } from '@marvel/shared/api/ledger';
import { Option, type Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-code.ts';
import { formatBytes, formatTime } from '../render/amount.ts';
import type { Paint } from '../render/paint.ts';
import { table } from '../render/table.ts';
import { readCount } from './limits.ts';

const dayMs = 86_400_000;
const csvPageEntries = 10_000;
const maxCsvPages = 1000;

interface LedgerOptions {
  readonly days: number;
  readonly cause?: (typeof ledgerCauses)[number];
  readonly max: number;
  readonly csv?: boolean;
}

/** `ledger`: every movement of bytes. */
export function ledgerCommands(program: Command, run: Run): void {
  const ledger = program
    .command('ledger')
    .description('every movement of bytes, the newest first, and the balance after it')
    .option('--days <n>', 'how many days back', readCount, 30)
    .addOption(new Option('--cause <cause>', 'only those').choices(ledgerCauses))
    .option('--max <n>', 'how many at most, without --csv', readCount, 50)
    .option('--csv', 'all of that time, as CSV');
  does<LedgerOptions>(ledger, run, async (context, { days, cause, max, csv }) => {
    const from = new Date(Date.now() - days * dayMs);
    if (csv === true) {
      await writeCsv(context, { from, cause });
      return undefined;
    }
    const call = { signal: context.terminal.signal };
    const query = { from, cause, limit: Math.min(max, csvPageEntries) };
    const data = await context.customer().ledger.list(query, call).take(max);
    context.show(data, () => entryTable(data, context.paint, `Nothing moved in ${days} days.`));
    return undefined;
  });
}

/** Entries of a ledger for people. */
export function entryTable(entries: readonly LedgerEntry[], paint: Paint, empty: string): string {
  return table(
    ['ID', 'AT', 'CAUSE', 'BYTES', 'BALANCE', 'REFERENCE', 'NOTE'],
    entries.map((row) => [
      String(row.id),
      formatTime(row.at),
      row.cause,
      formatBytes(row.bytes),
      formatBytes(row.balance_bytes),
      row.reference,
      row.note ?? '-',
    ]),
    paint,
    empty,
  );
}

/** Page after page, with the line of names once. */
async function writeCsv(context: Context, query: { from: Date; cause: LedgerOptions['cause'] }): Promise<void> {
  if (context.isJson) {
    throw new CliError({
      code: 'two_formats',
      message: 'give --json or --csv, and not both',
      exitCode: exitCodes.usage,
    });
  }
  const { ledger } = context.customer();
  let cursor: string | undefined;
  for (let pages = 0; pages < maxCsvPages; pages += 1) {
    const page = await ledger.csv({ ...query, limit: csvPageEntries, cursor }, { signal: context.terminal.signal });
    context.terminal.out(pages === 0 ? page.csv : page.csv.slice(page.csv.indexOf('\n') + 1));
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
  throw new CliError({
    code: 'too_long',
    message: `there are more than ${maxCsvPages * csvPageEntries} entries; what was written is not all`,
    fix: 'Ask for fewer days with --days.',
    exitCode: exitCodes.failed,
  });
}
