import type { FleetStatus } from '@marvel/sdk';
import type { Command } from 'commander';
import { does, type Run } from '../command.ts';
import type { Context } from '../context.ts';
import { formatTime } from '../render/amount.ts';
import { fields, table } from '../render/table.ts';
import { readCount } from './limits.ts';

/** `operator fleet`, `operator maintenance`, `operator epoch raise` and `operator feed-keys`. */
export function feedCommands(operator: Command, run: Run): void {
  does(operator.command('fleet').description('how the fleet is'), run, async (context) => {
    showFleet(context, await context.operator().operator.fleet.get({ signal: context.terminal.signal }));
    return undefined;
  });

  const maintenance = operator.command('maintenance').description('turn customers away, or let them in again');
  for (const [state, on] of [
    ['on', true],
    ['off', false],
  ] as const) {
    does(maintenance.command(state).description(`turn maintenance ${state}`), run, async (context) => {
      showFleet(
        context,
        await context.operator().operator.fleet.setMaintenance({ on }, { signal: context.terminal.signal }),
      );
      return undefined;
    });
  }

  const raise = operator
    .command('epoch')
    .description('the age of the feed')
    .command('raise')
    .description('once after the database was restored: every gateway reads everything anew')
    .option('--from <n>', 'the epoch that there is; without it, it is looked up', readCount);
  does<{ readonly from?: number }>(raise, run, async (context, { from }) => {
    const { fleet } = context.operator().operator;
    const call = { signal: context.terminal.signal };
    const before = from ?? (await fleet.get(call)).epoch;
    const raised = await fleet.raiseEpoch({ from: before }, call);
    context.show(raised, () => `The epoch was ${before} and is ${raised.epoch}: every gateway reads everything anew.`);
    return undefined;
  });

  const feedKeys = operator.command('feed-keys').description('which keys sign the feed, and which gateways know them');
  does(feedKeys, run, async (context) => {
    const found = await context.operator().operator.fleet.keys({ signal: context.terminal.signal });
    context.show(found, () => {
      const keys = fields(
        [
          ['signs', found.current],
          ['signs next', found.next ?? '-'],
          ['may switch', found.next === null ? '-' : found.may_switch ? 'yes' : 'no: a gateway does not know it yet'],
          ['to take out', found.retired.length === 0 ? '-' : found.retired.join(', ')],
        ],
        context.paint,
      );
      const gateways = table(
        ['GATEWAY', 'KNOWS', 'READ THE FEED'],
        found.gateways.map((row) => [row.id, row.knows?.join(', ') ?? 'has not said', formatTime(row.feed_seen_at)]),
        context.paint,
        'No gateway is enrolled.',
      );
      return `${keys}\n\n${gateways}`;
    });
    return undefined;
  });
}

function showFleet(context: Context, fleet: FleetStatus): void {
  context.show(fleet, () =>
    fields(
      [
        ['gateways', `${fleet.live} of ${fleet.size} live`],
        ['maintenance', fleet.maintenance ? 'on: customers are turned away' : 'off'],
        ['open ports', fleet.policy.ports.join(', ')],
        ['epoch', String(fleet.epoch)],
      ],
      context.paint,
    ),
  );
}
