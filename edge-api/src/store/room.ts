import { err, type Result } from '@marvel/shared/result';
import { sql } from 'drizzle-orm';
import { attemptChecked, attemptUnique, type Conflict, type Unavailable } from './database-error.ts';
import type { Database } from './database.ts';

/** What an account may have so many of. */
type Owned = 'api_key' | 'account_key' | 'sub_user' | 'authorized_source' | 'webhook_endpoint' | 'customer' | 'plan';

/** The check that the statement below fails on. */
const roomConstraint = 'account_has_room';

/** There are as many already as an account may have. */
export interface TooMany {
  readonly code: 'too_many';
}

/** Makes sure that there is room for one more: of several at once each counts the others. */
export function claimRoom(accountId: string, owned: Owned, max: number) {
  return sql`claim_room(${accountId}, ${owned}, ${max})`;
}

/** The statement that lets one more be made, for the transaction that makes it. */
export function roomStatement(db: Database, accountId: string, owned: Owned, max: number) {
  return db.select({ done: claimRoom(accountId, owned, max) }).from(sql`(select) as always`);
}

/** Runs a write that makes room first. Errors: `too_many`; `conflict` for the named unique constraints; `unavailable`. */
export async function attemptWithRoom<T>(
  constraints: readonly string[],
  query: () => PromiseLike<T>,
): Promise<Result<T, TooMany | Conflict | Unavailable>> {
  const made = await attemptChecked([roomConstraint], async () => attemptUnique(constraints, query));
  if (made.ok) return made.value;
  return err(made.error.code === 'out_of_range' ? { code: 'too_many' } : { code: made.error.code });
}
