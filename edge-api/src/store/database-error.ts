import { NeonDbError } from '@neondatabase/serverless';
import { err, ok, type Result } from '@marvel/shared/result';

/** The database cannot be asked right now. */
export interface Unavailable {
  readonly code: 'unavailable';
}

/** What should be made exists already, or its state does not allow this. */
export interface Conflict {
  readonly code: 'conflict';
}

/** A count would leave what can be counted: 2^53 either way. */
export interface OutOfRange {
  readonly code: 'out_of_range';
}

/** There is no such thing, or it is another account's. */
export interface NotFound {
  readonly code: 'not_found';
}

/** SQLSTATE classes and codes that say "not now" and not "never": connection, resources, shutdown. */
const unavailableStates = /^(?:08...|53...|57P0[1-5]|55P03|25006)$/;
/** What a transaction is told that lost against another one; the same statement may pass when sent again. */
const contestedStates: ReadonlySet<string> = new Set(['40001', '40P01']);
const uniqueViolation = '23505';
const checkViolation = '23514';
const numericOutOfRange = '22003';

/** Runs a query. Errors: `unavailable` when the database cannot be asked; anything else it says is a bug and thrown. */
export async function attempt<T>(query: () => PromiseLike<T>): Promise<Result<T, Unavailable>> {
  try {
    return ok(await query());
  } catch (error) {
    if (isUnavailable(error)) return err({ code: 'unavailable' });
    throw error;
  }
}

/** Makes `not_found` of a write that changed no row. Errors: `not_found`, `unavailable`. */
export async function attemptOne<T>(
  query: () => PromiseLike<readonly T[]>,
): Promise<Result<T, Unavailable | NotFound>> {
  const rows = await attempt(query);
  if (!rows.ok) return rows;
  const [row] = rows.value;
  return row === undefined ? err({ code: 'not_found' }) : ok(row);
}

/** Runs a write that may meet one of the named unique constraints. Errors: `conflict` for those, `unavailable`. */
export async function attemptUnique<T>(
  constraints: readonly string[],
  query: () => PromiseLike<T>,
): Promise<Result<T, Unavailable | Conflict>> {
  try {
    return await attempt(query);
  } catch (error) {
    const found = databaseError(error);
    if (found?.code === uniqueViolation && constraints.includes(found.constraint ?? ''))
      return err({ code: 'conflict' });
    throw error;
  }
}

/** Runs a write that may meet one of the named checks. Errors: `out_of_range` for those, `unavailable`. */
export async function attemptChecked<T>(
  constraints: readonly string[],
  query: () => PromiseLike<T>,
): Promise<Result<T, Unavailable | OutOfRange>> {
  try {
    return await attempt(query);
  } catch (error) {
    const found = databaseError(error);
    const isChecked = found?.code === checkViolation && constraints.includes(found.constraint ?? '');
    if (isChecked || found?.code === numericOutOfRange) return err({ code: 'out_of_range' });
    throw error;
  }
}

/** The named constraint that a write did not meet, of whatever kind; `undefined` for other errors. */
export function violatedConstraint(error: unknown): string | undefined {
  return databaseError(error)?.constraint;
}

/** What identifies a database error and can be logged: never its text, which holds values. `undefined` for other errors. */
export function describeDatabaseError(
  error: unknown,
): { readonly sqlstate: string | null; readonly constraint: string | null; readonly table: string | null } | undefined {
  const found = databaseError(error);
  if (found === undefined) return undefined;
  return { sqlstate: found.code ?? null, constraint: found.constraint ?? null, table: found.table ?? null };
}

function isUnavailable(error: unknown): boolean {
  const found = databaseError(error);
  if (found === undefined) return false;
  // Without a SQLSTATE it was not the database that spoke: nothing could be reached, or a front in between gave up.
  return found.code === undefined || unavailableStates.test(found.code) || contestedStates.has(found.code);
}

/** The driver's error inside what the query builder wraps around it. */
function databaseError(error: unknown): NeonDbError | undefined {
  const maxDepth = 4;
  let inner = error;
  for (let depth = 0; depth < maxDepth && inner instanceof Error; depth += 1) {
    if (inner instanceof NeonDbError) return inner;
    inner = inner.cause;
  }
  return undefined;
}
