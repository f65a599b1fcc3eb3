import { failures } from '@marvel/shared/failures';
import { readHelpLink } from '../client/help-link.ts';
import { readRetryAfter } from '../client/retry-policy.ts';
import type { FailureCode } from '../schema-types.ts';
import type { ReadHeader } from './exit-info.ts';

/** What the gateway refused. Match on `code`; more is told at `docs`. */
export class MarvelProxyError extends Error {
  override readonly name = 'MarvelProxyError';
  readonly status: number;
  /** As `GET /v1/errors` lists them; `unknown` when something else than a gateway of ours answered. */
  readonly code: FailureCode | 'unknown';
  /** The fixed reason of the code. */
  readonly reason: string;
  /** What fixes it. */
  readonly fix: string | undefined;
  /** Address of the page that says more. */
  readonly docs: string | undefined;
  /** Whether the same request may succeed later with nothing changed. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** Names the tunnel in the gateway's log; tell it to support. */
  readonly requestId: string | undefined;

  constructor(status: number, reasonPhrase: string, header: ReadHeader, nowMs: number) {
    const code = readCode(header('x-marvel-error'));
    const reason = code === 'unknown' ? reasonPhrase : failures[code].reason;
    super(`the gateway refused the tunnel: ${status} ${reason}`);
    this.status = status;
    this.code = code;
    this.reason = reason;
    this.fix = code === 'unknown' ? undefined : failures[code].fix;
    this.docs = code === 'unknown' ? undefined : readHelpLink(header('link'));
    this.retryable = code !== 'unknown' && failures[code].retryable;
    this.retryAfterMs = readRetryAfter(header('retry-after') ?? null, nowMs);
    this.requestId = header('x-marvel-request-id');
  }
}

function readCode(text: string | undefined): FailureCode | 'unknown' {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is a key of the catalogue
  return text !== undefined && Object.hasOwn(failures, text) ? (text as FailureCode) : 'unknown';
}

const maxCauses = 10;

/** The refusal behind an error, however deep: `fetch` and others hide it in `cause`. */
export function proxyErrorOf(error: unknown): MarvelProxyError | undefined {
  let cause = error;
  for (let depth = 0; depth < maxCauses && cause instanceof Error; depth += 1) {
    if (cause instanceof MarvelProxyError) return cause;
    cause = cause.cause;
  }
  return undefined;
}
