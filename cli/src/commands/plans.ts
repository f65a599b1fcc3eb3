import { Option, type Command } from 'commander';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { formatBytes, formatPrice } from '../render/amount.ts';
import { table } from '../render/table.ts';
import { readAmount, readCount } from './limits.ts';
import { priceOptions, type PriceOptions, readPrice } from './price.ts';

const maxListed = 1000;
const intervals = ['day', 'week', 'month', 'year'] as const;

type PlansOfOperator = ReturnType<Context['operator']>['operator']['plans'];

interface PlanOptions extends PriceOptions {
  readonly name: string;
  readonly bytes: number;
  readonly every: (typeof intervals)[number];
  readonly intervals: number;
  readonly periods?: number;
  readonly threads?: number;
}

/** `plans …`: those of an account, or as an operator those of Marvel. */
export function planCommands(
  parent: Command,
  run: Run,
  description: string,
  plansOf: (context: Context) => PlansOfOperator,
): void {
  const plans = parent.command('plans').description(description);
  does(plans.command('list').description('list the plans'), run, async (context) => {
    const data = await plansOf(context).list({ limit: 100 }, { signal: context.terminal.signal }).take(maxListed);
    context.show(data, () =>
      table(
        ['ID', 'OF', 'NAME', 'BYTES', 'PRICE', 'EVERY', 'TAKES NEW'],
        data.map((plan) => [
          plan.id,
          plan.owner === 'marvel' ? 'Marvel' : 'you',
          plan.name,
          formatBytes(plan.bytes),
          formatPrice(plan.price_cents, plan.currency),
          formatInterval(plan.interval, plan.interval_count),
          plan.active ? 'yes' : 'no',
        ]),
        context.paint,
        'There are no plans.',
      ),
    );
    return undefined;
  });

  const create = plans
    .command('create')
    .description('make a plan; its terms stay as they are')
    .requiredOption('--name <text>', 'what it is called')
    .requiredOption('--bytes <amount>', 'of each period, such as 10GB', readAmount)
    .addOption(new Option('--every <unit>', 'how long a period is').choices(intervals).default('month'))
    .option('--intervals <n>', 'of how many such units', readCount, 1)
    .option('--periods <n>', 'after how many it is over; without it, it goes on', readCount)
    .option('--threads <n>', 'tunnels at once', readCount);
  does<PlanOptions>(priceOptions(create), run, async (context, options) => {
    const { name, bytes, currency, every, intervals: count, periods, threads } = options;
    const terms = { name, bytes, price_cents: readPrice(options), currency, interval: every, interval_count: count };
    const made = await plansOf(context).create(
      { ...terms, periods: periods ?? null, threads: threads ?? null },
      { signal: context.terminal.signal },
    );
    context.show(made, () => made.id);
    return undefined;
  });

  for (const [verb, active, effect] of [
    ['retire', false, 'take no new subscriptions; those that there are go on'],
    ['reopen', true, 'take new subscriptions again'],
  ] as const) {
    does(plans.command(`${verb} <id>`).description(effect), run, async (context, _options, [id = '']) => {
      const plan = await plansOf(context).update(id, { active }, { signal: context.terminal.signal });
      context.show(plan, () => `${plan.id} takes ${active ? '' : 'no '}new subscriptions now.`);
      return undefined;
    });
  }
}

/** A period as people say it: `month`, `2 weeks`. */
export function formatInterval(interval: string, count: number): string {
  return count === 1 ? interval : `${count} ${interval}s`;
}
