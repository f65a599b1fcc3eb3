import { err, ok, type Result } from '@marvel/shared/result';
import { DatabaseError, Query, type FieldDef, type PoolClient, type QueryArrayConfig } from 'pg';
import type { FrontFailure } from './failure.ts';
import type { SqlRequest, Statement } from './request.ts';
import { writeRow, type TextRow } from './row.ts';

/** As Neon's. */
const maxResponseBytes = 10 * 1024 * 1024;

interface StatementAnswer {
  readonly fields: readonly object[];
  readonly rows: readonly unknown[];
  readonly command: string;
  readonly rowCount: number | null;
  readonly rowAsArray: boolean;
}

/** What is still to be had of `maxResponseBytes`, over all statements of a request. */
interface Budget {
  leftBytes: number;
}

interface RawResult {
  readonly fields: readonly FieldDef[];
  readonly rows: readonly TextRow[];
  readonly command: string | null;
  readonly rowCount: number | null;
}

function sizeOf(row: TextRow): number {
  let bytes = 2;
  for (const value of row) bytes += value === null ? 5 : value.length + 3;
  return bytes;
}

/** Sends one statement by the extended protocol, which takes exactly one, and gathers its rows as text. */
async function send(client: PoolClient, statement: Statement, budget: Budget): Promise<RawResult> {
  const config: QueryArrayConfig<unknown[]> & { readonly queryMode: 'extended' } = {
    text: statement.query,
    values: statement.params,
    rowMode: 'array',
    queryMode: 'extended',
    types: { getTypeParser: () => (value: string) => value },
  };
  const rows: TextRow[] = [];
  return new Promise((resolve, reject) => {
    const query = new Query<(string | null)[]>(config);
    query.on('row', (row) => {
      budget.leftBytes -= sizeOf(row);
      if (budget.leftBytes >= 0) rows.push(row); // past the limit rows are let go as they come
    });
    query.on('error', reject);
    query.on('end', ({ fields, command, rowCount }) => resolve({ fields, rows, command, rowCount }));
    client.query(query);
  });
}

async function answerStatement(
  client: PoolClient,
  statement: Statement,
  style: SqlRequest['style'],
  budget: Budget,
): Promise<Result<StatementAnswer, FrontFailure>> {
  const result = await send(client, statement, budget);
  if (budget.leftBytes < 0) return err({ code: 'response_too_large', maxBytes: maxResponseBytes });
  const rowAsArray = statement.arrayMode ?? style.arrayMode;
  return ok({
    rowAsArray,
    fields: result.fields,
    rows: result.rows.map((row) => writeRow(row, result.fields, { rawText: style.rawText, arrayMode: rowAsArray })),
    command: result.command ?? '',
    rowCount: result.rowCount,
  });
}

async function answerAll(client: PoolClient, request: SqlRequest): Promise<Result<object, FrontFailure>> {
  const budget = { leftBytes: maxResponseBytes };
  const results: StatementAnswer[] = [];
  for (const statement of request.statements) {
    const answer = await answerStatement(client, statement, request.style, budget);
    if (!answer.ok) return answer;
    results.push(answer.value);
  }
  const [single] = results;
  return ok(request.begin === undefined && single !== undefined ? single : { results });
}

async function inTransaction(client: PoolClient, request: SqlRequest): Promise<Result<object, FrontFailure>> {
  if (request.begin === undefined) return answerAll(client, request);
  await client.query(request.begin);
  try {
    const answer = await answerAll(client, request);
    await client.query(answer.ok ? 'commit' : 'rollback');
    return answer;
  } catch (error) {
    // Only a session that still answers can be rolled back; a broken one is rolled back by the server.
    if (error instanceof DatabaseError) await client.query('rollback');
    throw error;
  }
}

/**
 * Runs the request on the session: one statement, or all of them in a transaction that is rolled back by the first
 * failure. When the client goes away, the session is cut and the server ends what it was doing.
 *
 * Errors: `database`, `session_lost`, `response_too_large`.
 */
export async function execute(
  client: PoolClient,
  request: SqlRequest,
  abandoned: AbortSignal,
): Promise<Result<object, FrontFailure>> {
  if (abandoned.aborted) return err({ code: 'session_lost', message: 'the client is gone' });
  const cut = (): void => {
    client.end().catch(() => undefined); // the statement under way fails, and that is what is looked at
  };
  abandoned.addEventListener('abort', cut, { once: true });
  try {
    return await inTransaction(client, request);
  } catch (error) {
    if (error instanceof DatabaseError) return err({ code: 'database', error });
    return err({ code: 'session_lost', message: `the session broke: ${String(error)}` });
  } finally {
    abandoned.removeEventListener('abort', cut);
  }
}
