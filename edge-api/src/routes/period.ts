import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';

/** A stretch of time that a query asks for, either end open. */
export interface Period {
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

/** Reads the two ends of a query. Errors: `invalid` when the first is not before the second. */
export function readPeriod(query: {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}): Result<Period, Failure> {
  const [from, to] = [query.from, query.to].map((text) => (text === undefined ? undefined : new Date(text)));
  if (from !== undefined && to !== undefined && from >= to) {
    return err({ code: 'invalid', message: 'from: must be before to' });
  }
  return ok({ from, to });
}
