import type { LedgerPage, LedgerQuery } from '@marvel/shared/api/ledger';
import type { Failure } from '@marvel/shared/failures';
import { ok, type Result } from '@marvel/shared/result';
import type * as v from 'valibot';
import type { Database } from '../../store/database.ts';
import { listLedger } from '../../store/ledger.ts';
import { pageOf } from '../page.ts';
import { readPeriod } from '../period.ts';

/** The columns of the ledger as CSV. */
export const ledgerColumns = ['id', 'at', 'cause', 'reference', 'note', 'bytes', 'balance_bytes'];

/** A page of the ledger of an account. Errors: `invalid`, `unavailable`. */
export async function readLedger(
  db: Database,
  accountId: string,
  query: v.InferOutput<typeof LedgerQuery>,
): Promise<Result<v.InferOutput<typeof LedgerPage>, Failure>> {
  const limit = Number(query.limit);
  const period = readPeriod(query);
  if (!period.ok) return period;
  const after = query.cursor === undefined ? undefined : Number(query.cursor);
  const listed = await listLedger(db, accountId, { ...period.value, cause: query.cause, limit, after });
  if (!listed.ok) return listed;
  const { rows, nextCursor } = pageOf(listed.value, limit, ({ id }) => String(id));
  const data = rows.map(({ at, balanceBytes, ...entry }) => ({
    ...entry,
    at: at.toISOString(),
    balance_bytes: balanceBytes ?? 0,
  }));
  return ok({ data, next_cursor: nextCursor });
}
