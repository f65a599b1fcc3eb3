import { parseMoney } from '@marvel/shared/money';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-code.ts';

/** What something costs, as it can be given on the command line. */
export interface PriceOptions {
  readonly price: string;
  readonly currency: string;
}

export function priceOptions(command: Command): Command {
  return command
    .requiredOption('--price <amount>', 'such as 12.50')
    .option('--currency <code>', 'ISO 4217', (text) => text.toLowerCase(), 'usd');
}

/** The price in the smallest unit of its currency. Errors: throws for what is no such amount. */
export function readPrice({ price, currency }: PriceOptions): number {
  const amount = parseMoney(price, currency);
  if (amount !== undefined) return amount;
  const message = `Give a price, such as 12 or 12.50, with no more decimal places than ${currency} has.`;
  throw new CliError({ code: 'usage', message, exitCode: exitCodes.usage });
}
