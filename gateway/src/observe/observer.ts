import type { Dialect } from '@marvel/shared/usage-batch';
import type { EventLog } from './event-log.ts';
import type { RefusalEvent, TunnelEvent } from './event.ts';
import type { Metrics } from './metrics.ts';

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
