import type { FailureCode } from '@marvel/shared/failures';
import type { Dialect } from '@marvel/shared/usage-batch';
import type { Destination } from '../offer.ts';
import type { EndReason } from '../tunnel-end.ts';
import type { EventLog } from './event-log.ts';
import type { Metrics } from './metrics.ts';

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

/** Who hears what becomes of connections. Nothing here throws or waits. */
export interface Observer {
  tunnelOpened(setupMs: number): void;
  tunnelEnded(event: TunnelEvent): void;
  refused(event: RefusalEvent): void;
  /** The client went away before it had its answer. */
  abandoned(dialect: Dialect): void;
  dialled(succeeded: boolean): void;
  /** An address has been refused so often that it is not listened to for a while. */
  banned(clientIp: string): void;
  /** A bug of ours surfaced while a connection was served. */
  faulted(error: unknown): void;
}

/** An observer that logs and counts. */
export function createObserver(log: EventLog, metrics: Metrics): Observer {
  return {
    tunnelOpened: metrics.tunnelOpened,
    tunnelEnded: (event) => {
      log.tunnelEnded(event);
      const ended = event.http === undefined ? metrics.tunnelEnded : metrics.requestEnded;
      ended(event.dialect, event.end, event.bytesUp, event.bytesDown, event.durationMs);
    },
    refused: (event) => {
      log.refused(event);
      metrics.refused(event.dialect, event.code);
    },
    abandoned: metrics.abandoned,
    dialled: metrics.dialled,
    banned: (clientIp) => {
      log.note('info', 'address_banned', { client_ip: clientIp });
      metrics.banned();
    },
    faulted: (error) => {
      log.fault('connection_fault', error);
    },
  };
}
