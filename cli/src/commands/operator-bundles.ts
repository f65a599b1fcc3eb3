import type { Command } from 'commander';
import { does, type Run } from '../command.ts';
import { formatBytes, formatPrice } from '../render/amount.ts';
import { table } from '../render/table.ts';
import { readAmount } from './limits.ts';
import { priceOptions, type PriceOptions, readPrice } from './price.ts';

interface SaveOptions extends PriceOptions {
  readonly name: string;
  readonly bytes: number;
}

/** `operator bundles …`: what is on sale. */
export function bundleCommands(operator: Command, run: Run): void {
  const bundles = operator.command('bundles').description('the bundles, on sale and not');
  does(bundles.command('list').description('list the bundles, retired ones too'), run, async (context) => {
    const { data } = await context.operator().operator.bundles.list({ signal: context.terminal.signal });
    context.show(data, () =>
      table(
        ['ID', 'NAME', 'BYTES', 'PRICE', 'ON SALE'],
        data.map((row) => [
          row.id,
          row.name,
          formatBytes(row.bytes),
          formatPrice(row.price_cents, row.currency),
          row.active ? 'yes' : 'no',
        ]),
        context.paint,
        'There are no bundles. Make one with `marvel operator bundles save <id>`.',
      ),
    );
    return undefined;
  });

  const save = bundles
    .command('save <id>')
    .description('put a bundle on sale, or change its terms')
    .requiredOption('--name <text>', 'what it is called')
    .requiredOption('--bytes <amount>', 'such as 10GB', readAmount);
  does<SaveOptions>(priceOptions(save), run, async (context, options, [id = '']) => {
    const { name, bytes, currency } = options;
    const price = readPrice(options);
    const terms = { name, bytes, price_cents: price, currency };
    const saved = await context.operator().operator.bundles.save(id, terms, { signal: context.terminal.signal });
    context.show(saved, () => `${saved.id} is on sale: ${formatBytes(bytes)} for ${formatPrice(price, currency)}.`);
    return undefined;
  });

  does(
    bundles.command('retire <id>').description('take a bundle off sale'),
    run,
    async (context, _options, [id = '']) => {
      await context.operator().operator.bundles.retire(id, { signal: context.terminal.signal });
      context.show({ id, retired: true }, () => `${id} is off sale.`);
      return undefined;
    },
  );
}
