import type { Command } from 'commander';
import { does, type Run } from '../command.ts';
import { exitCodes } from '../exit-code.ts';
import { table } from '../render/table.ts';

/** `operator reconcile`: whether the books are in order. */
export function reconcileCommands(operator: Command, run: Run): void {
  const reconcile = operator.command('reconcile').description('prove the ledger');
  does(reconcile, run, async (context) => {
    const found = await context.operator().operator.reconcile({ signal: context.terminal.signal });
    context.show(found, () =>
      table(
        ['PROBLEM', 'WHERE', 'EXPECTED', 'FOUND'],
        found.problems.map((row) => [row.problem, row.id, String(row.expected ?? '-'), String(row.found ?? '-')]),
        context.paint,
        `${context.paint.good('The ledger adds up.')} ${found.anomalies.length} anomalies were noted.`,
      ),
    );
    return found.problems.length === 0 ? undefined : exitCodes.notInOrder;
  });

  does<{ readonly from?: string; readonly to?: string }>(
    operator
      .command('reconcile-payments')
      .description('compare payments and subscriptions with the payment provider')
      .option('--from <time>', 'a date or time, at most 31 days before --to (default: 7 days before)')
      .option('--to <time>', 'a date or time (default: ten minutes ago)'),
    run,
    async (context, query) => {
      const { signal } = context.terminal;
      const found = await context.operator().operator.reconcilePayments(query, { signal });
      const { payments, periods, take_backs: takeBacks, subscriptions } = found.compared;
      const compared = `${payments} payments, ${periods} periods, ${takeBacks} refunds and disputes, ${subscriptions} subscriptions`;
      const isInOrder = found.problems.length === 0 && found.is_whole;
      context.show(found, () => {
        const rows = found.problems.map((row) => [row.problem, row.reference, row.expected ?? '-', row.found ?? '-']);
        const good = `${context.paint.good('Both have the same.')} Compared: ${compared}.`;
        const list = table(['PROBLEM', 'WHERE', 'PROVIDER', 'HERE'], rows, context.paint, good);
        return found.is_whole ? list : `${list}\n\nNot all of it was looked at: ask for a shorter time.`;
      });
      return isInOrder ? undefined : exitCodes.notInOrder;
    },
  );
}
