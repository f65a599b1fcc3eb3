import type { Clock } from './clock.ts';
import { MarvelConnectionError, refusal } from './errors.ts';
import { readReplyInfo, type ReplyInfo } from './reply-info.ts';
import { retryWaitMs } from './retry-policy.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What can be said of every call. */
export interface CallOptions {
  /** Gives the call up, whatever it waits for: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /** For each try, the reply's body included. Default: that of the client. */
  readonly timeoutMs?: number | undefined;
  /**
   * Makes the effect of a POST happen once, however often it is sent. Made for you when absent; give one that you keep
   * when the call may be repeated by another process.
   */
  readonly idempotencyKey?: string | undefined;
  /** Told of the reply, before the call resolves or rejects. */
  readonly onReply?: ((info: ReplyInfo) => void) | undefined;
}

/** A value of a query; times and lists are written as the API reads them. */
export type QueryValue = string | number | boolean | Date | readonly string[] | undefined;

/** One request, before it is sent. */
export interface CallSpec {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, QueryValue>> | undefined;
  /** Goes as JSON; bytes go as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: CallOptions | undefined;
}

/** A reply that was not refused. */
export interface Answer {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly info: ReplyInfo;
}

/** Sends a request to a path as OpenAPI writes it, such as `/v1/keys/{id}`. */
export type Send = (method: Method, path: string, spec?: CallSpec) => Promise<Answer>;

/** What sending needs to know. */
export interface Sender {
  readonly baseUrl: URL;
  readonly token: () => string | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timeoutMs: number;
  readonly maxTries: number;
  readonly onReply: ((info: ReplyInfo) => void) | undefined;
}

/**
 * Sends one call, again where a retry can help.
 *
 * Errors: `MarvelAPIError` for what the API refused, `MarvelConnectionError` when no reply came, and the reason of the
 * caller's signal.
 */
export async function sendCall(sender: Sender, method: Method, path: string, spec: CallSpec = {}): Promise<Answer> {
  const { options = {} } = spec;
  const { clock, random } = sender;
  const signal = options.signal ?? new AbortController().signal;
  const url = urlOf(sender.baseUrl, path, spec);
  // Made once: a repeat has to be the same request, byte for byte.
  const init = requestOf(sender, method, spec);
  for (let tries = 1; ; tries += 1) {
    const { response, body } = await tryOnce(sender, url, init, signal, options.timeoutMs ?? sender.timeoutMs);
    const info = readReplyInfo(response, tries, clock.nowMs());
    const { headers, status } = response;
    const refused = {
      status,
      tries,
      retryAfter: headers.get('Retry-After'),
      rateLimitReset: headers.get('X-RateLimit-Reset'),
    };
    const waitMs = tries < sender.maxTries ? retryWaitMs(refused, clock.nowMs(), random) : undefined;
    if (waitMs === undefined) {
      sender.onReply?.(info);
      options.onReply?.(info);
      if (response.ok) return { body, info };
      throw refusal(url, info, new TextDecoder().decode(body));
    }
    await clock.wait(waitMs, signal);
  }
}

interface Reply {
  readonly response: Response;
  readonly body: Uint8Array<ArrayBuffer>;
}

async function tryOnce(
  sender: Sender,
  url: string,
  init: RequestInit,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Reply> {
  signal.throwIfAborted();
  const done = new AbortController();
  const timeout = new AbortController();
  sender.clock.wait(timeoutMs, done.signal).then(
    () => timeout.abort(),
    () => undefined,
  );
  try {
    const response = await sender.fetch(url, { ...init, signal: AbortSignal.any([signal, timeout.signal]) });
    return { response, body: new Uint8Array(await response.arrayBuffer()) };
  } catch (error) {
    signal.throwIfAborted();
    throw timeout.signal.aborted
      ? new MarvelConnectionError('timed_out', `no reply within ${timeoutMs} ms`, { cause: error })
      : new MarvelConnectionError('connection_failed', `${new URL(url).host} cannot be reached`, { cause: error });
  } finally {
    done.abort();
  }
}

function urlOf(baseUrl: URL, path: string, { params = {}, query = {} }: CallSpec): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name] ?? '';
    // A dot segment would be resolved away, and the call would reach another path.
    if (value === '' || value === '.' || value === '..') throw new TypeError(`${name}: must be an id or a name`);
    return encodeURIComponent(value);
  });
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/$/, '')}${filled}`;
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, queryText(value));
  }
  return url.href;
}

function queryText(value: Exclude<QueryValue, undefined>): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? value.join(',') : String(value);
}

function requestOf(sender: Sender, method: Method, { body, headers: given, options }: CallSpec): RequestInit {
  const headers: Record<string, string> = { Accept: 'application/json', ...given };
  const token = sender.token();
  if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
  if (method === 'POST') headers['Idempotency-Key'] = options?.idempotencyKey ?? newIdempotencyKey();
  if (body === undefined) return { method, headers };
  headers['Content-Type'] ??= 'application/json';
  return { method, headers, body: isBytes(body) ? body : JSON.stringify(body) };
}

function isBytes(body: unknown): body is Uint8Array<ArrayBuffer> {
  return body instanceof Uint8Array;
}

const idempotencyKeyBytes = 16;

/** Not `randomUUID`, which a page has only when it came over TLS. */
function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(idempotencyKeyBytes));
  return `sdk-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
