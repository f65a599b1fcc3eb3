import { dayMs } from '../../format/time.ts';

/** What of a usage report the rate follows from: rows of days. */
interface DailyUsage {
  readonly balance_bytes: number;
  readonly data: readonly { readonly day?: string | undefined; readonly bytes: number }[];
}

const averagedDays = 7;

/**
 * How fast bytes go: the average over the last seven days that are over, and today so far where there was no use before it.
 *
 * `daysLeft` is `undefined` when nothing is used.
 */
export function burnOf({ balance_bytes: balanceBytes, data }: DailyUsage, nowMs: number) {
  const todayMs = Math.floor(nowMs / dayMs) * dayMs;
  const firstMs = todayMs - averagedDays * dayMs;
  let todayBytes = 0;
  let pastBytes = 0;
  for (const { day, bytes } of data) {
    const atMs = day === undefined ? Number.NaN : Date.parse(day);
    if (atMs >= todayMs) todayBytes += bytes;
    else if (atMs >= firstMs) pastBytes += bytes;
  }
  const perDayBytes = pastBytes === 0 ? todayBytes : Math.round(pastBytes / averagedDays);
  const daysLeft = perDayBytes === 0 ? undefined : Math.max(0, balanceBytes) / perDayBytes;
  return { todayBytes, perDayBytes, daysLeft };
}
