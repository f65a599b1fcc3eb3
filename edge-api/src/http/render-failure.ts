import { type Failure, type FailureCode, failureEntry } from '@marvel/shared/failures';

/** Header that names a failure's code. Source: CONTRACT section 5. */
export const errorHeader = 'X-Marvel-Error';

/** Where the page lies that says what a failure means and what fixes it. Source: RFC 8288, relation `help`. */
export function helpLink(code: FailureCode): string {
  return `</docs/errors#${code}>; rel="help"`;
}

/**
 * Says a failure to a client: body exactly `{"error":"<message>"}`, the code in `X-Marvel-Error`.
 *
 * The only place that writes the status of a failure. Errors: throws for a failure that the catalogue does not give
 * this API, which is a bug.
 */
export function renderFailure(failure: Failure, headers?: Readonly<Record<string, string>>): Response {
  const entry = failureEntry(failure.code);
  if (entry.api === null) throw new Error(`${failure.code} has no status at the API`);
  const response = Response.json({ error: failure.message ?? entry.reason }, { status: entry.api });
  response.headers.set(errorHeader, failure.code);
  response.headers.set('Link', helpLink(failure.code));
  response.headers.set('Cache-Control', 'no-store');
  // Source: RFC 9110 section 15.5.2: a 401 says how to authenticate.
  if (entry.api === 401) response.headers.set('WWW-Authenticate', 'Bearer realm="marvel"');
  if (failure.retryAfterS !== undefined) response.headers.set('Retry-After', String(failure.retryAfterS));
  for (const [name, value] of Object.entries(headers ?? {})) response.headers.set(name, value);
  return response;
}
