import { readFile, writeFile } from 'node:fs/promises';
import { readReceiptEvidence, verifyReceipts, type ReceiptEvidence } from '@marvel/sdk/verify';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { does, type Run } from '../command.ts';
import { exitCodes } from '../exit-code.ts';
import { formatBytes } from '../render/amount.ts';
import { fields, table } from '../render/table.ts';

interface VerifyOptions {
  readonly from?: string;
  readonly to?: string;
  readonly saveTo?: string;
  readonly file?: string;
}

/** `receipts verify`. */
export function receiptCommands(program: Command, run: Run): void {
  const receipts = program.command('receipts').description('what the gateways signed of your use');
  const verify = receipts
    .command('verify')
    .description('derive your balance again from signed receipts, and say what does not fit')
    .option('--from <time>', 'a date, or RFC 3339 in UTC')
    .option('--to <time>', 'exclusive')
    .option('--save-to <file>', 'keep the evidence, to check it elsewhere')
    .option('--file <file>', 'check evidence that was kept; asks nobody');
  does<VerifyOptions>(verify, run, async (context, { from, to, saveTo, file }) => {
    const evidence =
      file === undefined
        ? await readReceiptEvidence(context.customer(), { from, to }, { signal: context.terminal.signal })
        : await readEvidence(file);
    if (saveTo !== undefined) await writeFile(saveTo, JSON.stringify(evidence), { mode: 0o600 });
    const report = await check(evidence);
    context.show({ ...report, receipts: evidence.receipts.length }, () => {
      const { paint } = context;
      const sums = fields(
        [
          ['receipts', String(evidence.receipts.length)],
          ['before them', formatBytes(report.openingBytes)],
          ['credited', formatBytes(report.creditedBytes)],
          ['signed for', formatBytes(report.receiptedBytes)],
          ['balance', `${formatBytes(report.balanceBytes)} (${report.balanceBytes} bytes)`],
        ],
        paint,
      );
      if (report.problems.length === 0) return `${sums}\n\n${paint.good('Every byte that was billed was signed for.')}`;
      const problems = report.problems.map(({ code, reference }) => [code, reference]);
      return `${sums}\n\n${paint.bad('This does not fit:')}\n${table(['PROBLEM', 'WHERE'], problems, paint, '')}`;
    });
    return report.problems.length === 0 ? undefined : exitCodes.notInOrder;
  });
}

/** Evidence of a file is somebody's, and may be of any shape. */
async function check(evidence: ReceiptEvidence) {
  try {
    return await verifyReceipts(evidence);
  } catch (error) {
    throw new CliError({
      code: 'evidence_unreadable',
      message: 'the evidence is not what `marvel receipts verify --save-to` writes',
      fix: error instanceof Error ? error.message : undefined,
      exitCode: exitCodes.usage,
    });
  }
}

async function readEvidence(file: string): Promise<ReceiptEvidence> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CliError({ code: 'no_such_file', message: `${file} cannot be read`, exitCode: exitCodes.usage });
  });
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is wrong with it, checking it says
    return JSON.parse(text) as ReceiptEvidence;
  } catch {
    throw new CliError({ code: 'evidence_unreadable', message: `${file} is not JSON`, exitCode: exitCodes.usage });
  }
}
