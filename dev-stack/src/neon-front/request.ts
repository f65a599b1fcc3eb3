import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import type { FrontFailure } from './failure.ts';

/** As Neon's. Source: Neon changelog of 2023-08-16. */
const maxRequestBytes = 10 * 1024 * 1024;
/** How much of a larger body is read and let go, so that its sender lives to see the answer. */
const maxDiscardedBytes = 4 * maxRequestBytes;

const Statement = v.object({
  query: v.string(),
  // JSON as it comes: `pg` writes arrays and objects as PostgreSQL reads them.
  params: v.optional(v.array(v.unknown()), []),
  arrayMode: v.optional(v.boolean()),
});

/** One statement with its parameters. */
export type Statement = v.InferOutput<typeof Statement>;

const Payload = v.union([v.object({ queries: v.array(Statement) }), Statement]);

const isolationLevels = {
  ReadUncommitted: 'read uncommitted',
  ReadCommitted: 'read committed',
  RepeatableRead: 'repeatable read',
  Serializable: 'serializable',
} as const;

/** How the rows are written. */
export interface RowStyle {
  /** Every value as PostgreSQL's text. */
  readonly rawText: boolean;
  /** Rows as arrays; a statement may say otherwise for itself. */
  readonly arrayMode: boolean;
}

/** What a client asks for: one statement, or several in one transaction. */
export interface SqlRequest {
  readonly statements: readonly Statement[];
  /** The command that opens the transaction; undefined for one statement outside of any. */
  readonly begin: string | undefined;
  readonly style: RowStyle;
}

function badRequest(message: string): Result<never, FrontFailure> {
  return err({ code: 'bad_request', message });
}

async function readBody(request: IncomingMessage): Promise<Result<string, FrontFailure>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a request without an encoding gives buffers');
    length += chunk.length;
    if (length <= maxRequestBytes) chunks.push(chunk);
    else if (length > maxDiscardedBytes) break;
  }
  if (length > maxRequestBytes) return err({ code: 'request_too_large', maxBytes: maxRequestBytes });
  return ok(Buffer.concat(chunks).toString('utf8'));
}

function parseJson(text: string): Result<unknown, FrontFailure> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return badRequest('the body is not JSON');
  }
}

/** Only the exact word counts, as with Neon. */
function isTrue(headers: IncomingHttpHeaders, name: string): boolean {
  return headers[name] === 'true';
}

function isIsolationLevel(level: unknown): level is keyof typeof isolationLevels {
  return typeof level === 'string' && Object.hasOwn(isolationLevels, level);
}

function beginCommand(headers: IncomingHttpHeaders): Result<string, FrontFailure> {
  const level = headers['neon-batch-isolation-level'];
  const words = ['begin'];
  if (isIsolationLevel(level)) words.push('isolation level', isolationLevels[level]);
  else if (level !== undefined) return badRequest('invalid isolation level');
  if (isTrue(headers, 'neon-batch-read-only')) words.push('read only');
  if (isTrue(headers, 'neon-batch-deferrable')) words.push('deferrable');
  return ok(words.join(' '));
}

/**
 * Reads a `POST /sql`: a body of at most 10 MiB with `{query, params}` or `{queries: [...]}`, and the headers that say
 * how to run it and how to write the rows.
 *
 * Errors: `bad_request`, `request_too_large`.
 */
export async function readSqlRequest(request: IncomingMessage): Promise<Result<SqlRequest, FrontFailure>> {
  const { headers } = request;
  const body = await readBody(request);
  if (!body.ok) return body;
  const json = parseJson(body.value);
  if (!json.ok) return json;
  const parsed = v.safeParse(Payload, json.value);
  if (!parsed.success) return badRequest('the body is neither {query, params} nor {queries: [{query, params}]}');

  const style = { rawText: isTrue(headers, 'neon-raw-text-output'), arrayMode: isTrue(headers, 'neon-array-mode') };
  if (!('queries' in parsed.output)) return ok({ statements: [parsed.output], begin: undefined, style });
  const begin = beginCommand(headers);
  return begin.ok ? ok({ statements: parsed.output.queries, begin: begin.value, style }) : begin;
}
