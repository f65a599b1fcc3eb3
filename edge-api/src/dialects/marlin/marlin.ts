import { type Failure, type FailureCode, failureEntry } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { identifyApiKey } from '../../http/api-key-identity.ts';
import type { Dialect } from '../../http/dialect.ts';
import type { Endpoint } from '../../http/endpoint.ts';
import { bearerToken, identifyToken } from '../../http/identity.ts';
import { failureHeaders, mountStatusOf } from '../../http/mount-failure.ts';
import { parseJsonBody } from '../../http/read-body.ts';
import { camelCase, fromMarlin, toMarlin } from './spelling.ts';

/** A field and what is wrong with it. */
interface Issue {
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * Marlin: `{error: {code, message, details}}`, camelCase, and as bearer an API key or a session token. Managing API keys
 * takes a session, here as at `/v1`. Source: Marlin's documentation.
 */
export const marlin: Dialect = {
  name: 'marlin',
  credential: bearerToken,
  async identify(endpoint, token, _request, services) {
    if (token.startsWith('sess_')) return identifyToken({ ...endpoint, access: 'session' }, token, services);
    const key = await identifyApiKey(endpoint, token, services);
    if (!key.ok || endpoint.access !== 'session') return key;
    return err({ code: 'forbidden', message: 'An API key cannot manage API keys; sign in' });
  },
  parseBody(contentType, bytes) {
    const parsed = parseJsonBody(contentType, bytes);
    return parsed.ok ? respell(parsed.value) : parsed;
  },
  renderReply({ reply }, _request, value, headers) {
    if (!('body' in reply)) return new Response(null, { status: reply.status, headers });
    return Response.json(toMarlin(value), { status: reply.status, headers });
  },
  renderFailure(failure, headers, endpoint) {
    const code = codeOf(failure.code, endpoint);
    const details = code === 'VALIDATION_ERROR' ? { details: { issues: issuesOf(failure) } } : {};
    const body = { error: { code, message: messageOf(failure), ...details } };
    const status = mountStatusOf('marlin', failure);
    const replyHeaders = failureHeaders(failure, headers);
    // Source: RFC 9110 section 15.5.2: a 401 says how to authenticate.
    if (status === 401) replyHeaders.set('WWW-Authenticate', 'Bearer realm="marvel"');
    return Response.json(body, { status, headers: replyHeaders });
  },
};

const codes: Readonly<Partial<Record<FailureCode, string>>> = {
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  invalid: 'VALIDATION_ERROR',
  bad_request: 'VALIDATION_ERROR',
  conflict: 'VALIDATION_ERROR',
  unsupported_media_type: 'VALIDATION_ERROR',
  payload_too_large: 'VALIDATION_ERROR',
  not_found: 'NOT_FOUND',
  internal: 'INTERNAL',
};

/** What Marlin calls a failure; one that it has no name for goes by ours. */
function codeOf(code: FailureCode, endpoint: Endpoint | undefined): string {
  const isInvoice = endpoint?.tag === invoiceTag;
  if (isInvoice && code === 'not_found') return 'INVOICE_NOT_FOUND';
  if (isInvoice && code === 'conflict') return 'INVOICE_NOT_OPEN';
  return codes[code] ?? code.toUpperCase();
}

/** The tag of the endpoints whose failures are those of invoices. */
export const invoiceTag = 'Marlin invoices';

function messageOf({ code, message, issues }: Failure): string {
  const [first] = issues ?? [];
  if (first !== undefined) return write(toIssue(first.field, first.message));
  return message === undefined ? failureEntry(code).reason : write(readIssue(message));
}

function issuesOf(failure: Failure): readonly Issue[] {
  if (failure.issues !== undefined) return failure.issues.map(({ field, message }) => toIssue(field, message));
  return [readIssue(failure.message ?? failureEntry(failure.code).reason)];
}

/** What is found wrong after the schema says so in one line: `plan_id: is no plan on offer`. */
function readIssue(line: string): Issue {
  const named = /^([a-z_]+): (.+)$/.exec(line);
  return named === null ? { path: [], message: line } : toIssue(named[1] ?? '', named[2] ?? '');
}

function toIssue(field: string, message: string): Issue {
  return { path: field === '' ? [] : field.split('.').map(camelCase), message };
}

function write({ path, message }: Issue): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

function respell(body: unknown): Result<unknown, Failure> {
  const respelled = fromMarlin(body);
  if (respelled !== undefined) return ok(respelled);
  const message = 'has a field that is not known here';
  return err({ code: 'invalid', message, issues: [{ field: '', message }] });
}
