import { errors, Pool } from 'undici';
import { err, ok, type Result } from '@marvel/shared/result';
import { gatewayAgent, gatewayKeysHeader, signatureHeader } from '@marvel/shared/signature';

/** Why there is no answer from the edge. */
export type EdgeFailure = 'unreachable' | 'timeout' | 'too_large' | 'closed';

export interface EdgeRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** From the start of the request until the last byte of the answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** An answer in full, whatever its status. */
export interface EdgeResponse {
  readonly status: number;
  /** The detached JWS over the body, where the edge signed it. */
  readonly signature: string | null;
  readonly body: Uint8Array;
}

/** The gateway's one way to talk to the edge: connections that stay open, answers of bounded size in bounded time. */
export interface EdgeClient {
  request(request: EdgeRequest): Promise<Result<EdgeResponse, EdgeFailure>>;
  /** Drops what is under way; later requests fail as `closed`. */
  close(): Promise<void>;
}

/** The most one answer may hold: a page of 10,000 records of 1.6 KB. */
export const maxEdgeAnswerBytes = 16 * 1024 * 1024;

/** One for the feed, one for usage, one to spare while a dead connection is being replaced. */
const maxConnections = 3;
const connectTimeoutMs = 5000;
const keepAliveMs = 30_000;

/** Makes the client of one gateway. `url`: the edge's origin, with an optional path before `/v1`. */
export function createEdgeClient(options: {
  readonly url: string;
  readonly token: string;
  /** The names (`kid`) of the keys that answers are believed from, told to the edge. */
  readonly keyNames?: readonly string[];
  /** Of the program, told to the edge. */
  readonly version?: string;
}): EdgeClient {
  const url = new URL(options.url);
  const basePath = url.pathname.endsWith('/') ? url.pathname.slice(0, -1) : url.pathname;
  const pool = new Pool(url.origin, {
    connections: maxConnections,
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: keepAliveMs,
    maxResponseSize: maxEdgeAnswerBytes,
  });
  const standingHeaders = {
    authorization: `Bearer ${options.token}`,
    accept: 'application/json',
    'user-agent': options.version === undefined ? gatewayAgent : `${gatewayAgent}/${options.version}`,
    ...(options.keyNames === undefined ? {} : { [gatewayKeysHeader]: options.keyNames.join(',') }),
  };

  async function request(wanted: EdgeRequest): Promise<Result<EdgeResponse, EdgeFailure>> {
    const timeout = AbortSignal.timeout(wanted.timeoutMs);
    const signal = wanted.signal === undefined ? timeout : AbortSignal.any([timeout, wanted.signal]);
    try {
      const response = await pool.request({
        method: wanted.method,
        path: basePath + wanted.path,
        headers: { ...standingHeaders, ...wanted.headers },
        ...(wanted.body === undefined ? {} : { body: wanted.body }),
        signal,
      });
      const signature = response.headers[signatureHeader];
      const body = await response.body.bytes();
      return ok({ status: response.statusCode, signature: typeof signature === 'string' ? signature : null, body });
    } catch (error) {
      if (wanted.signal?.aborted === true || pool.closed || pool.destroyed) return err('closed');
      if (timeout.aborted) return err('timeout');
      return err(error instanceof errors.ResponseExceededMaxSizeError ? 'too_large' : 'unreachable');
    }
  }

  return { request, close: () => pool.destroy() };
}
