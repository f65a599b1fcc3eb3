import type { DatabaseError } from 'pg';

/** Why the front does not answer with rows. */
export type FrontFailure =
  /** The request is not one that Neon would understand. */
  | { readonly code: 'bad_request'; readonly message: string }
  | { readonly code: 'request_too_large' | 'response_too_large'; readonly maxBytes: number }
  /** PostgreSQL refused the session or the statement. */
  | { readonly code: 'database'; readonly error: DatabaseError }
  /** The session broke while a statement ran: whether it took effect is unknown. */
  | { readonly code: 'session_lost'; readonly message: string }
  /** No session could be opened. */
  | { readonly code: 'unreachable'; readonly message: string }
  /** Too much is under way already. */
  | { readonly code: 'busy'; readonly message: string };

/** An answer to an HTTP request. */
export interface FrontAnswer {
  readonly status: number;
  readonly body: object;
}

/** What Neon says of a PostgreSQL error; the driver copies each of these to its `NeonDbError`. */
function databaseErrorBody(error: DatabaseError): object {
  const { message, code, detail, hint, position, internalPosition, internalQuery, severity, where } = error;
  const { table, column, schema, dataType, constraint, file, line, routine } = error;
  const location = { position, internalPosition, internalQuery, where, file, line, routine };
  return { message, code, severity, detail, hint, table, column, schema, dataType, constraint, ...location };
}

/** Renders a failure as Neon does; the driver reads details only of a 400. Source: neondatabase/neon, sql_over_http. */
export function renderFailure(failure: FrontFailure): FrontAnswer {
  switch (failure.code) {
    case 'bad_request':
      return { status: 400, body: { message: failure.message } };
    case 'database':
      return { status: 400, body: databaseErrorBody(failure.error) };
    case 'session_lost':
      return { status: 400, body: { message: failure.message } };
    case 'request_too_large':
      return { status: 413, body: { message: `request is too large (max is ${failure.maxBytes} bytes)` } };
    case 'response_too_large':
      return { status: 507, body: { message: `response is too large (max is ${failure.maxBytes} bytes)` } };
    case 'unreachable':
      return { status: 500, body: { message: failure.message } };
    case 'busy':
      return { status: 503, body: { message: failure.message } };
  }
}
