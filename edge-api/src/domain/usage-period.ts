import { err, ok, type Result } from '@marvel/shared/result';

/** From and to which moment usage is asked for. */
export interface UsagePeriod {
  /** Inclusive, the first moment of an hour: usage is kept by the hour. */
  readonly from: Date;
  /** Exclusive. */
  readonly to: Date;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const defaultDays = 30;
/** The longest period of one answer. */
export const maxPeriodDays = 400;

/** Which field of the query is at fault, and why. */
export type PeriodFault = { readonly field: 'from' | 'to'; readonly reason: string };

/** Settles a period: the last 30 days unless said otherwise. The texts are dates or times that exist. */
export function usagePeriod(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  nowMs: number,
): Result<UsagePeriod, PeriodFault> {
  const toMs = query.to === undefined ? nowMs : Date.parse(query.to);
  const fromMs = query.from === undefined ? toMs - defaultDays * dayMs : Date.parse(query.from);
  if (fromMs >= toMs) return err({ field: query.from === undefined ? 'to' : 'from', reason: 'must be before to' });
  if (toMs - fromMs > maxPeriodDays * dayMs) {
    return err({ field: 'from', reason: `must be at most ${maxPeriodDays} days before to` });
  }
  return ok({ from: new Date(Math.floor(fromMs / hourMs) * hourMs), to: new Date(toMs) });
}
