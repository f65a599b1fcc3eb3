import { readFileSync } from 'node:fs';

/** What Linux tells of one side of a TCP connection. Source: proc_net_tcp.txt of the kernel's documentation. */
export interface KernelSocket {
  /** Sent and not acknowledged, or waiting to be sent. */
  readonly unacknowledgedBytes: number;
  /** Received and not read. */
  readonly unreadBytes: number;
  /** The timer that runs; 0 is none. */
  readonly timer: number;
  /** Until it fires. */
  readonly timerMs: number;
}

/** The timer that looks for a dead peer. */
export const keepAliveTimer = 2;
/** The timer that asks a side which takes nothing more whether it does again. */
export const windowProbeTimer = 4;
/** A timer's unit in what Linux tells, ms. */
const tickMs = 10;

/** The side of an IPv4 connection that has these ports. Errors: throws when there is none. */
export function kernelSocket(localPort: number | undefined, remotePort: number | undefined): KernelSocket {
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, local = '', remote = '', , queues = '', timer = ''] = line.trim().split(/ +/);
    if (secondOf(local) !== localPort || secondOf(remote) !== remotePort) continue;
    return {
      unacknowledgedBytes: Number.parseInt(queues, 16),
      unreadBytes: secondOf(queues),
      timer: Number.parseInt(timer, 16),
      timerMs: secondOf(timer) * tickMs,
    };
  }
  throw new Error(`no connection from port ${localPort} to ${remotePort}`);
}

function secondOf(pair: string): number {
  return Number.parseInt(pair.slice(pair.indexOf(':') + 1), 16);
}
