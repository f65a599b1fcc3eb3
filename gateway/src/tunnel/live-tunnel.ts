import type { Seat } from '@marvel/shared/roster';
import type { Principal } from '../admission.ts';
import type { EndReason } from '../tunnel-end.ts';

/** How long a tunnel may be quiet, or half closed, in ms; and after how long TCP asks a silent peer whether it lives. */
export interface TunnelTimes {
  readonly keepAliveMs: number;
  readonly idleTimeoutMs: number;
  readonly halfCloseTimeoutMs: number;
}

/** What is being carried for someone and can be ended at any time: a tunnel, or one request with its answer. */
export interface LiveTunnel {
  readonly owner: Principal;
  /** Its place in the table of tunnels, which alone uses it. */
  seat: Seat<LiveTunnel> | undefined;
  /** Bytes that went from the client to the exit so far. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Ends it now. */
  cut(reason: EndReason): void;
  /** Ends it when it has been quiet or half closed for too long. `nowMs`: of a clock that never goes back. */
  sweep(nowMs: number, times: TunnelTimes): void;
}
