import { failures } from '@marvel/shared/failures';
import type { FailureCode } from '../schema-types.ts';
import { readHelpLink } from './help-link.ts';
import type { RateLimit, ReplyInfo } from './reply-info.ts';

/** A field of the request that the API did not take. */
export interface FieldIssue {
  /** As `limits.hosts_allow.0`. */
  readonly path: string;
  readonly message: string;
}

/** What a refusal tells beside its code. */
export interface ErrorDetails {
  /** The fields to correct, of `invalid`. */
  readonly issues: readonly FieldIssue[];
  /** How often the request was sent. */
  readonly tries: number;
  readonly retryAfterMs: number | undefined;
  readonly rateLimit: RateLimit | undefined;
}

/** `unknown` is what something else than the API answered, such as a proxy on the way. */
export type MarvelErrorCode = FailureCode | 'unknown';

/** What the API refused. Match on `code`, never on `message`; more is told at `docs`. */
export class MarvelAPIError extends Error {
  override readonly name = 'MarvelAPIError';
  readonly status: number;
  /** As `GET /v1/errors` lists them; a code that is newer than this client comes as it is. */
  readonly code: MarvelErrorCode;
  readonly details: ErrorDetails;
  /** What fixes it; `undefined` for a code that this client does not know. */
  readonly fix: string | undefined;
  /** Address of the page that says more. */
  readonly docs: string | undefined;
  /** Names the request in our log; tell it to support. */
  readonly requestId: string | undefined;

  constructor(code: MarvelErrorCode, message: string, info: Omit<ReplyInfo, 'headers'>, docs?: string) {
    super(message);
    const { status, requestId, tries, retryAfterMs, rateLimit } = info;
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.fix = isKnown(code) ? failures[code].fix : undefined;
    this.docs = docs;
    this.details = { issues: code === 'invalid' ? readIssues(message) : [], tries, retryAfterMs, rateLimit };
  }
}

function isKnown(code: MarvelErrorCode): code is FailureCode {
  return Object.hasOwn(failures, code);
}

/** No reply came, or none that could be read: whether the request took effect is not known. */
export class MarvelConnectionError extends Error {
  override readonly name = 'MarvelConnectionError';
  readonly code: 'connection_failed' | 'timed_out' | 'reply_unreadable';

  constructor(code: MarvelConnectionError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Reads `<field>: <what it must be>`, the form in which the API names a field. */
function readIssues(message: string): readonly FieldIssue[] {
  const match = /^([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*): (.+)$/s.exec(message);
  return match?.[1] === undefined || match[2] === undefined ? [] : [{ path: match[1], message: match[2] }];
}

/** Makes the error of a refusal of `url`: its code and its page are in headers, its message in the body. */
export function refusal(url: string, info: ReplyInfo, body: string): MarvelAPIError {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the API sets it, and the codes are its own
  const code = (info.headers.get('X-Marvel-Error') ?? 'unknown') as MarvelErrorCode;
  const docs = readHelpLink(info.headers.get('Link') ?? undefined, url);
  return new MarvelAPIError(code, readMessage(body) ?? `the reply has status ${info.status}`, info, docs);
}

function readMessage(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const isError = typeof parsed === 'object' && parsed !== null && 'error' in parsed;
    return isError && typeof parsed.error === 'string' ? parsed.error : undefined;
  } catch {
    return undefined;
  }
}
