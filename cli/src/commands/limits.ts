import { InvalidArgumentError, type Command } from 'commander';
import type { Limits } from '@marvel/sdk';
import { parseBytes } from '../render/amount.ts';

/** The limits that can be given on the command line. */
export interface LimitOptions {
  readonly bytesPerDay?: number;
  readonly bytesPerMonth?: number;
  readonly bytesTotal?: number;
  readonly threads?: number;
  readonly countries?: string;
  readonly expires?: string;
}

export function limitOptions(command: Command): Command {
  return command
    .option('--bytes-per-day <amount>', 'such as 500MB', readAmount)
    .option('--bytes-per-month <amount>', 'such as 10GB', readAmount)
    .option('--bytes-total <amount>', 'such as 1TB', readAmount)
    .option('--threads <n>', 'tunnels at once', readCount)
    .option('--countries <list>', 'such as US,DE')
    .option('--expires <time>', 'RFC 3339 in UTC, such as 2027-01-01T00:00:00Z');
}

export function readLimits(options: LimitOptions): Limits {
  const { bytesPerDay, bytesPerMonth, bytesTotal, threads, countries, expires } = options;
  return {
    ...(bytesPerDay === undefined ? {} : { bytes_per_day: bytesPerDay }),
    ...(bytesPerMonth === undefined ? {} : { bytes_per_month: bytesPerMonth }),
    ...(bytesTotal === undefined ? {} : { bytes_total: bytesTotal }),
    ...(threads === undefined ? {} : { threads }),
    ...(countries === undefined ? {} : { countries: countries.split(',').map((code) => code.trim().toUpperCase()) }),
    ...(expires === undefined ? {} : { expires_at: expires }),
  };
}

/** Bytes of the command line. */
export function readAmount(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined) throw new InvalidArgumentError('Give bytes, such as 500MB or 10GB.');
  return bytes;
}

/** A count of the command line. */
export function readCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1.');
  return Number(text);
}
