import type { Command } from 'commander';
import { does, type Run } from '../command.ts';
import { formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';
import { readCount } from './limits.ts';

interface AuditOptions {
  readonly action?: string;
  readonly target?: string;
  readonly max: number;
}

/** `operator audit`: what operators did. */
export function auditCommands(operator: Command, run: Run): void {
  const audit = operator
    .command('audit')
    .description('what operators did, the newest first')
    .option('--action <name>', 'only this, such as account.suspend')
    .option('--target <id>', 'only what was done to this')
    .option('--max <n>', 'how many at most', readCount, 50);
  does<AuditOptions>(audit, run, async (context, { action, target, max }) => {
    const query = { action, target, limit: Math.min(max, 100) };
    const data = await context.operator().operator.audit(query, { signal: context.terminal.signal }).take(max);
    context.show(data, () =>
      table(
        ['ID', 'AT', 'ACTION', 'TO', 'DETAIL', 'REQUEST'],
        data.map((row) => [
          String(row.id),
          formatTime(row.at),
          row.action,
          row.target,
          JSON.stringify(row.detail),
          row.request_id ?? '-',
        ]),
        context.paint,
        'Nothing was done.',
      ),
    );
    return undefined;
  });
}
