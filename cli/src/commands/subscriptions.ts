import type { Subscription } from '@marvel/sdk';
import { subscriptionStatuses } from '@marvel/shared/subscription-transition';
import { Option, type Command } from 'commander';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { formatBytes, formatPrice, formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';
import { formatInterval } from './plans.ts';

const maxListed = 1000;

/** `subscribe` and `subscriptions …`. */
export function subscriptionCommands(program: Command, run: Run): void {
  const subscribe = program
    .command('subscribe <plan>')
    .description('go on a plan of Marvel, or put a customer on one of yours: prints the page to pay on, if any')
    .option('--customer <id>', 'who goes on it, where the plan is yours');
  does<{ readonly customer?: string }>(subscribe, run, async (context, { customer }, [plan = '']) => {
    const made = await context
      .customer()
      .subscriptions.create(
        { plan_id: plan, ...(customer === undefined ? {} : { customer_id: customer }) },
        { signal: context.terminal.signal },
      );
    context.show(made, () => made.checkout_url ?? made.id);
    if (made.checkout_url !== null) {
      context.note(`Pay there. \`marvel subscriptions list\` shows when ${made.id} is active.`);
    }
    return undefined;
  });

  const subscriptions = program.command('subscriptions').description('who is on which plan');
  does<{ readonly status?: Subscription['status'] }>(
    subscriptions
      .command('list')
      .description('list the subscriptions')
      .addOption(new Option('--status <status>', 'only those').choices(subscriptionStatuses)),
    run,
    async (context, { status }) => {
      const call = { signal: context.terminal.signal };
      const data = await context.customer().subscriptions.list({ limit: 100, status }, call).take(maxListed);
      context.show(data, () => subscriptionTable(context, data));
      return undefined;
    },
  );

  for (const [verb, effect] of [
    ['pause', 'stop one for now'],
    ['resume', 'let one go on'],
  ] as const) {
    does(subscriptions.command(`${verb} <id>`).description(effect), run, async (context, _options, [id = '']) => {
      const changed = await context.customer().subscriptions[verb](id, { signal: context.terminal.signal });
      context.show(changed, () => `${changed.id} is ${changed.status}.`);
      return undefined;
    });
  }

  const cancel = subscriptions
    .command('cancel <id>')
    .description('end one')
    .option('--at-period-end', 'let the period that was begun run out first');
  does<{ readonly atPeriodEnd?: boolean }>(cancel, run, async (context, { atPeriodEnd = false }, [id = '']) => {
    const body = { at_period_end: atPeriodEnd };
    const changed = await context.customer().subscriptions.cancel(id, body, { signal: context.terminal.signal });
    const end = changed.cancel_at_period_end ? `, until ${formatTime(changed.current_period_end)}` : '';
    context.show(changed, () => `${changed.id} is ${changed.status}${end}.`);
    return undefined;
  });
}

function subscriptionTable(context: Context, rows: readonly Subscription[]): string {
  return table(
    ['ID', 'STATUS', 'PLAN', 'WHO', 'BYTES', 'PRICE', 'EVERY', 'PERIOD ENDS'],
    rows.map((row) => [
      row.id,
      row.cancel_at_period_end ? `${row.status}, ends` : row.status,
      row.name,
      row.customer_id ?? 'you',
      formatBytes(row.bytes),
      formatPrice(row.price_cents, row.currency),
      formatInterval(row.interval, row.interval_count),
      formatTime(row.current_period_end),
    ]),
    context.paint,
    'No subscriptions. `marvel plans list` lists what there is, `marvel subscribe <plan>` goes on one.',
  );
}
