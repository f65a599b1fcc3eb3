import type { Usage, UsageGroup, UsageRow } from '@marvel/sdk';
import { Option, type Command } from 'commander';
import { does, type Run } from '../command.ts';
import { formatBytes, formatTime } from '../render/amount.ts';
import { barChart } from '../render/chart.ts';
import { fields, table } from '../render/table.ts';
import { readCount } from './limits.ts';

const groups = ['hour', 'day', 'key', 'sub_user', 'country', 'exit_grade'] as const satisfies readonly UsageGroup[];
const dayMs = 86_400_000;
const hourMs = 3_600_000;

interface UsageOptions {
  readonly by: UsageGroup;
  readonly days: number;
}

/** `usage` and `rejections`. */
export function usageCommands(program: Command, run: Run): void {
  const usage = program
    .command('usage')
    .description('the balance, and a chart of what was used')
    .addOption(new Option('--by <group>', 'what a bar stands for').choices(groups).default('day'))
    .option('--days <n>', 'how many days back', readCount, 14);
  does<UsageOptions>(usage, run, async (context, { by, days }) => {
    const to = new Date();
    const from = new Date(to.getTime() - days * dayMs);
    const found = await context.customer().usage.get({ from, to, group_by: by }, { signal: context.terminal.signal });
    context.show(found, () => {
      const totals = fields(
        [
          ['balance', formatBytes(found.balance_bytes)],
          ['used', `${formatBytes(found.used_bytes)} in ${days} days`],
        ],
        context.paint,
      );
      const bars = barsOf(found, by);
      const chart = barChart(bars, context.terminal.columns, formatBytes, context.paint);
      return found.used_bytes === 0 ? `${totals}\n\nNothing was used in this time.` : `${totals}\n\n${chart}`;
    });
    return undefined;
  });

  const rejections = program
    .command('rejections')
    .description('what the gateways refused, and what fixes it')
    .option('--days <n>', 'how many days back', readCount, 7);
  does<{ readonly days: number }>(rejections, run, async (context, { days }) => {
    const from = new Date(Date.now() - days * dayMs);
    const { data } = await context.customer().rejections.list({ from }, { signal: context.terminal.signal });
    context.show(data, () =>
      table(
        ['CODE', 'COUNT', 'LAST', 'WHO', 'FIX'],
        data.map((row) => [
          row.code,
          String(row.count),
          formatTime(row.last_at),
          row.key ?? row.sub_user ?? row.authorized_source ?? '-',
          row.fix,
        ]),
        context.paint,
        `Nothing was refused in ${days} days.`,
      ),
    );
    return undefined;
  });
}

function barsOf({ data, period }: Usage, by: UsageGroup) {
  if (by !== 'day' && by !== 'hour') {
    return data.map((row) => ({ label: labelOf(row, by), value: row.bytes })).toSorted((a, b) => b.value - a.value);
  }
  // Days without use are not in the data, and a chart without them would lie.
  const stepMs = by === 'day' ? dayMs : hourMs;
  const used = new Map(data.map((row) => [Date.parse(labelOf(row, by)), row.bytes]));
  const first = Math.floor(Date.parse(period.from) / stepMs) * stepMs;
  const bars = [];
  for (let atMs = first; atMs < Date.parse(period.to); atMs += stepMs) {
    const time = new Date(atMs).toISOString();
    bars.push({ label: by === 'day' ? time.slice(0, 10) : formatTime(time), value: used.get(atMs) ?? 0 });
  }
  const firstUsed = bars.findIndex(({ value }) => value > 0);
  return bars.slice(Math.max(0, firstUsed));
}

function labelOf(row: UsageRow, by: UsageGroup): string {
  return row[by] ?? '-';
}
