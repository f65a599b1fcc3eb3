import type { FailureCode } from '@marvel/shared/failures';
import type { Dialect } from '@marvel/shared/usage-batch';
import type { Destination } from '../offer.ts';
import type { EndReason } from '../tunnel-end.ts';

/** Room for what the lines of all requests over one way have in common, which the log makes once. */
export interface LineMemo {
  text: string | undefined;
}

/** A tunnel that has ended, or an absolute-form request. Holds no secret. */
export interface TunnelEvent {
  readonly requestId: string;
  readonly dialect: Dialect;
  readonly clientIp: string;
  readonly account: string;
  readonly credential: string;
  readonly destination: Destination;
  readonly exit: string;
  readonly country: string;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** From the request to the answer, ms. */
  readonly setupMs: number;
  /** From the answer to the end, ms. */
  readonly durationMs: number;
  readonly end: EndReason;
  /** Of an absolute-form request: its method, and the status of its answer, 0 when none came. */
  readonly http?: { readonly method: string; readonly status: number };
  /** The same for all events with the same dialect, client, credential, destination and exit. */
  readonly memo?: LineMemo;
}

/** An offer that was not served. Holds no secret; nothing of who it claims to be while that is not proven. */
export interface RefusalEvent {
  readonly requestId: string;
  readonly dialect: Dialect;
  readonly clientIp: string;
  readonly code: FailureCode;
  readonly account: string | undefined;
  readonly credential: string | undefined;
}
