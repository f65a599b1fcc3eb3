import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type { Database } from '../../store/database.ts';
import { findSubUser } from '../../store/sub-user.ts';

/** Whether a sub-user that a body names is the account's own. Errors: `invalid` when it is not; `unavailable`. */
export async function findGivenSubUser(
  db: Database,
  accountId: string,
  id: string | null | undefined,
): Promise<Result<void, Failure>> {
  if (id === null || id === undefined) return ok(undefined);
  const found = await findSubUser(db, accountId, id);
  if (found.ok) return ok(undefined);
  return found.error.code === 'not_found'
    ? err({ code: 'invalid', message: 'sub_user_id: is no sub-user of this account' })
    : found;
}
