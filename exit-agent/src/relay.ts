import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { OriginReader } from './origin-reader.ts';

/** How a tunnel ended: both ways finished, one side broke off, nobody said anything for too long. */
export type RelayOutcome = 'closed' | 'reset' | 'idle';

/** Bounds of a relay. */
export interface RelayLimits {
  /** Without a byte either way, ms. */
  readonly idleTimeoutMs: number;
  /** How long a client that was told everything may still talk to an origin that is gone, ms. */
  readonly lingerMs: number;
}

/** The two ends of a tunnel: paused, open, `allowHalfOpen`. */
export interface RelayEnds {
  readonly client: Socket;
  /** Dialled with the `onread` of `reader`. */
  readonly origin: Socket;
  readonly reader: OriginReader;
}

/**
 * Relays bytes both ways until both have ended, each end forwarded by itself (half-close). A side that takes bytes slower
 * than the other gives them holds the other back. A side that breaks off breaks the other off, as a direct connection
 * would. `onDone` is called once, when both sockets are closed.
 */
export function relay(
  { client, origin, reader }: RelayEnds,
  { idleTimeoutMs, lingerMs }: RelayLimits,
  onDone: (outcome: RelayOutcome) => void,
): void {
  let outcome: RelayOutcome = 'closed';
  let open = 2;

  const closed = (one: Socket, other: Socket, finish: (other: Socket) => void) => {
    open -= 1;
    if (open === 0) return onDone(outcome);
    // Ended both ways: the other closes by itself once what is queued for it is written out.
    if (one.readableEnded && other.readableEnded) return;
    if (outcome === 'closed') outcome = 'reset';
    if (!one.readableEnded) return breakOff(other);
    // All that this side had to say was read, and its end forwarded: the other still gets it, and speaks to nobody.
    other.resume();
    finish(other);
  };
  client.once('close', () => closed(client, origin, (socket) => socket.destroySoon()));
  origin.once('close', () => closed(origin, client, (socket) => destroyLate(socket, lingerMs)));

  // One timer is enough: the bytes of either way pass through the client's socket, read or written.
  client.setTimeout(idleTimeoutMs, () => {
    outcome = 'idle';
    breakOff(client);
  });

  client.on('data', (bytes) => {
    if (!origin.write(bytes) && !origin.destroyed) client.pause();
  });
  origin.on('drain', () => client.resume());
  // A client may have ended while the origin was dialled.
  if (client.readableEnded) origin.end();
  else client.once('end', () => origin.end());
  client.resume();

  origin.once('end', () => client.end());
  reader.start(origin, client);
}

/**
 * Closes a socket some time after all was written to it. Closed at once with bytes of its peer unread, the kernel would
 * reset the connection and throw away what is still on the way.
 */
export function destroyLate(socket: Socket, lingerMs: number): void {
  const wait = () => {
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(timer));
  };
  if (socket.writableFinished) wait();
  else socket.once('finish', wait);
}

/** Closes a socket so that its peer sees a reset and not an end: what it got was not all. */
export function breakOff(socket: Socket): void {
  // A reset of the TCP connection below TLS cannot be asked for; without a close_notify the end is no clean one either.
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
