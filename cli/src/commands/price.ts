import { InvalidArgumentError, type Command } from 'commander';

/** What something costs, as it can be given on the command line. */
export interface PriceOptions {
  /** Cents. */
  readonly price: number;
  readonly currency: string;
}

export function priceOptions(command: Command): Command {
  return command
    .requiredOption('--price <amount>', 'such as 12.50', readPrice)
    .option('--currency <code>', 'ISO 4217', (text) => text.toLowerCase(), 'usd');
}

function readPrice(text: string): number {
  const match = /^(\d{1,6})(?:\.(\d{2}))?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Give a price, such as 12 or 12.50.');
  return Number(match[1]) * 100 + Number(match[2] ?? 0);
}
