import { ok, type Result } from '@marvel/shared/result';
import { eq } from 'drizzle-orm';
import { attemptOne, type NotFound, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';
import { budget } from './schema/budget.ts';

/** The balances that an account is told of when it falls to them, highest first. Errors: `not_found`, `unavailable`. */
export async function readLowBalances(
  db: Database,
  accountId: string,
): Promise<Result<readonly number[], NotFound | Unavailable>> {
  const found = await attemptOne(() =>
    db.select({ low: budget.lowBalanceBytes }).from(budget).where(eq(budget.id, accountId)),
  );
  return found.ok ? ok(found.value.low) : found;
}

/** Replaces them. Errors: `not_found`, `unavailable`. */
export async function setLowBalances(
  db: Database,
  accountId: string,
  balances: readonly number[],
): Promise<Result<void, NotFound | Unavailable>> {
  const lowBalanceBytes = balances.toSorted((a, b) => b - a);
  const set = await attemptOne(() =>
    db.update(budget).set({ lowBalanceBytes }).where(eq(budget.id, accountId)).returning({ id: budget.id }),
  );
  return set.ok ? ok(undefined) : set;
}
