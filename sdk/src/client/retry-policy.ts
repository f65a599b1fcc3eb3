/** The most times that one call is sent. Source: CONTRACT section 7. */
export const maxTries = 5;

/** The first wait; each further one is twice as long. Source: CONTRACT section 7. */
export const firstWaitMs = 1000;

/** The longest wait that a reply can ask for; past it the failure is handed to the caller instead. A rate limit starts anew each minute. */
export const maxWaitMs = 120_000;

/** Added to a wait, at most: clients that failed together do not come back together. */
const maxJitter = 0.25;

/** What a refused try tells of the next one. */
export interface RefusedTry {
  readonly status: number;
  /** How often it was sent, this time included. */
  readonly tries: number;
  readonly retryAfter: string | null;
  readonly rateLimitReset: string | null;
}

/**
 * How long to wait before the next try, in ms; `undefined` when there is to be none.
 *
 * Only 429 and 5xx are tried again. `Retry-After` goes before all else; `X-RateLimit-Reset` counts for 429 only, since
 * other replies carry it too; else the wait doubles from 1 s. `random` is uniform in [0, 1).
 */
export function retryWaitMs(refused: RefusedTry, nowMs: number, random: () => number): number | undefined {
  const { status, tries } = refused;
  if (tries >= maxTries || (status !== 429 && status < 500)) return undefined;
  const askedMs =
    readRetryAfter(refused.retryAfter, nowMs) ??
    (status === 429 ? readReset(refused.rateLimitReset, nowMs) : undefined);
  if (askedMs !== undefined && askedMs > maxWaitMs) return undefined;
  const waitMs = askedMs ?? firstWaitMs * 2 ** (tries - 1);
  return Math.round(waitMs * (1 + random() * maxJitter));
}

/** Seconds or an HTTP date, as ms from now. Source: RFC 9110 section 10.2.3. */
export function readRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  // What is no HTTP date some runtimes still take for one.
  const atMs = /^[A-Z][a-z]{2,8}, /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}

/** Seconds since 1970, as ms from now; `undefined` once it has passed, as it has for a clock that is ahead. */
function readReset(header: string | null, nowMs: number): number | undefined {
  if (header === null || !/^\d{1,12}$/.test(header)) return undefined;
  const waitMs = Number(header) * 1000 - nowMs;
  return waitMs > 0 ? waitMs : undefined;
}
