import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { does, type Run } from '../command.ts';
import { exitCodes } from '../exit-code.ts';
import { formatBytes, formatPrice, formatTime } from '../render/amount.ts';
import { table } from '../render/table.ts';

const pollMs = 2000;
const maxPolls = 450;

/** `buy` and `invoices`. */
export function billingCommands(program: Command, run: Run): void {
  const buy = program
    .command('buy [bundle]')
    .description('list the bundles, or buy one: prints the page to pay on')
    .option('--wait', 'until it is paid, 15 minutes at most');
  does<{ readonly wait?: boolean }>(buy, run, async (context, { wait: isToWait }, [bundle]) => {
    const call = { signal: context.terminal.signal };
    if (bundle === undefined) {
      const { data } = await context.anybody.bundles.list(call);
      context.show(data, () =>
        table(
          ['ID', 'NAME', 'BYTES', 'PRICE'],
          data.map((row) => [row.id, row.name, formatBytes(row.bytes), formatPrice(row.price_cents, row.currency)]),
          context.paint,
          'Nothing is on sale.',
        ),
      );
      context.note('\nBuy one with `marvel buy <id>`.');
      return undefined;
    }
    const marvel = context.customer();
    const checkout = await marvel.checkout.create({ bundle_id: bundle }, call);
    if (isToWait !== true) {
      context.show(checkout, () => checkout.checkout_url);
      context.note(`Pay there. \`marvel invoices\` shows when ${checkout.invoice_id} is paid.`);
      return undefined;
    }
    // Also with --json: without it nobody could pay.
    context.terminal.err(`Pay at ${checkout.checkout_url}\nWaiting for the payment…\n`);
    for (let polls = 0; polls < maxPolls; polls += 1) {
      const invoice = await marvel.invoices.get(checkout.invoice_id, call);
      if (invoice.status === 'paid') {
        context.show(invoice, () => `Paid: ${formatBytes(invoice.bytes)} are on your balance.`);
        return undefined;
      }
      if (invoice.status !== 'open') {
        throw new CliError({
          code: 'not_paid',
          message: `invoice ${invoice.id} is ${invoice.status}`,
          fix: `Buy it again with \`marvel buy ${bundle}\`.`,
          exitCode: exitCodes.notInOrder,
        });
      }
      await wait(pollMs, undefined, call);
    }
    throw new CliError({
      code: 'not_paid',
      message: `invoice ${checkout.invoice_id} was not paid`,
      fix: `Pay at ${checkout.checkout_url}`,
      exitCode: exitCodes.notInOrder,
    });
  });

  does(program.command('invoices').description('list the invoices'), run, async (context) => {
    const { data } = await context.customer().invoices.list({ limit: 100 }, { signal: context.terminal.signal });
    context.show(data, () =>
      table(
        ['ID', 'STATUS', 'WHAT', 'PRICE', 'MADE', 'PAID'],
        data.map((row) => [
          row.id,
          row.status,
          row.description,
          formatPrice(row.amount_cents, row.currency),
          formatTime(row.created_at),
          formatTime(row.paid_at),
        ]),
        context.paint,
        'No invoices yet. `marvel buy` lists what is on sale.',
      ),
    );
    return undefined;
  });
}
