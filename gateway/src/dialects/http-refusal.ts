import { type Failure, type FailureCode, failureEntry } from '@marvel/shared/failures';

/** How an HTTP dialect refuses, beyond what all have in common. */
export interface HttpRefusal {
  readonly status: number;
  readonly failure: Failure;
  readonly requestId: string;
  /** Address of the page that explains every code. */
  readonly docs: string;
  /** Field lines of this dialect, each ending in CRLF. */
  readonly fields: string;
  readonly close: boolean;
}

/** What a client is told to wait when the failure itself does not know, in seconds. */
const defaultRetryAfterS: Partial<Record<FailureCode, number>> = {
  no_capacity: 10,
  overloaded: 1,
  draining: 1,
  stale_state: 5,
  threads_exhausted: 1,
};

/**
 * RFC 9209 error types. One for everything that is `gateway_error`: upstream, dial and internal faults look alike.
 * What is not here was refused by policy.
 */
const proxyErrors: Partial<Record<FailureCode, string>> = {
  bad_request: 'http_request_error',
  no_capacity: 'destination_unavailable',
  gateway_error: 'proxy_internal_error',
  overloaded: 'connection_limit_reached',
  draining: 'proxy_internal_error',
  stale_state: 'proxy_internal_error',
};

/**
 * A refusal that says its reason in four places, since clients keep only some of them: status, reason phrase, header
 * fields, body. Source: CONTRACT section 2; RFC 9209.
 */
export function httpRefusal(refusal: HttpRefusal): string {
  const { code } = refusal.failure;
  const page = `${refusal.docs}#${code}`;
  const { reason, fix } = failureEntry(code);
  const body = `${reason}\n${fix}\n${page}\n`;
  const retryAfterS = refusal.failure.retryAfterS ?? defaultRetryAfterS[code];
  return (
    `HTTP/1.1 ${refusal.status} ${reason}\r\n` +
    `X-Marvel-Error: ${code}\r\n` +
    `X-Marvel-Request-Id: ${refusal.requestId}\r\n` +
    `Proxy-Status: marvel; error=${proxyErrors[code] ?? 'http_request_denied'}; details="${code}"\r\n` +
    `Link: <${page}>; rel="help"\r\n` +
    refusal.fields +
    (retryAfterS === undefined ? '' : `Retry-After: ${retryAfterS}\r\n`) +
    `Content-Type: text/plain; charset=utf-8\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n` +
    (refusal.close ? 'Connection: close\r\n' : '') +
    `\r\n${body}`
  );
}
