import { readRetryAfter } from './retry-policy.ts';

/** How many requests this caller may still make. */
export interface RateLimit {
  /** Requests a minute. */
  readonly limit: number;
  readonly remaining: number;
  /** When the count starts anew. */
  readonly resetAt: Date;
}

/** What every reply tells beside its body. */
export interface ReplyInfo {
  readonly status: number;
  /** Names the request in our log; tell it to support. */
  readonly requestId: string | undefined;
  /** `undefined` while the counting is away. */
  readonly rateLimit: RateLimit | undefined;
  readonly retryAfterMs: number | undefined;
  /** How often the request was sent until this reply. */
  readonly tries: number;
  readonly headers: Headers;
}

export function readReplyInfo({ status, headers }: Response, tries: number, nowMs: number): ReplyInfo {
  return {
    status,
    requestId: headers.get('X-Request-Id') ?? undefined,
    rateLimit: readRateLimit(headers),
    retryAfterMs: readRetryAfter(headers.get('Retry-After'), nowMs),
    tries,
    headers,
  };
}

function readRateLimit(headers: Headers): RateLimit | undefined {
  const [limit, remaining, reset] = ['Limit', 'Remaining', 'Reset'].map((name) =>
    readCount(headers.get(`X-RateLimit-${name}`)),
  );
  if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
  return { limit, remaining, resetAt: new Date(reset * 1000) };
}

function readCount(text: string | null): number | undefined {
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
