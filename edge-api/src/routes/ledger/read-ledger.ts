import type { LedgerPage, LedgerQuery } from '@marvel/shared/api/ledger';
import type { Failure } from '@marvel/shared/failures';
import { ok, type Result } from '@marvel/shared/result';
import type * as v from 'valibot';
import type { Database } from '../../store/database.ts';
import { listLedger } from '../../store/ledger.ts';
import { listByNumber } from '../paged-list.ts';
import { readPeriod } from '../period.ts';

/** The columns of the ledger as CSV. */
export const ledgerColumns = ['id', 'at', 'cause', 'reference', 'note', 'bytes', 'balance_bytes'];

const entries = listByNumber('ledger', ({ id }: { readonly id: number }) => id);

/** A page of the ledger of an account. Errors: `invalid`, `unavailable`. */
export async function readLedger(
  db: Database,
  accountId: string,
  query: v.InferOutput<typeof LedgerQuery>,
): Promise<Result<v.InferOutput<typeof LedgerPage>, Failure>> {
  const page = entries.wanted(query);
  if (!page.ok) return page;
  const { limit } = page.value;
  const period = readPeriod(query);
  if (!period.ok) return period;
  const listed = await listLedger(db, accountId, {
    ...period.value,
    cause: query.cause,
    limit,
    after: page.value.after?.[0],
  });
  if (!listed.ok) return listed;
  const { rows, nextCursor } = entries.pageOf(listed.value, limit);
  const data = rows.map(({ at, balanceBytes, ...entry }) => ({
    ...entry,
    at: at.toISOString(),
    balance_bytes: balanceBytes ?? 0,
  }));
  return ok({ data, next_cursor: nextCursor });
}
