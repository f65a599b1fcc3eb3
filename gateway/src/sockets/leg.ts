import type { WireBytes } from '../offer.ts';

/** Who a leg hands on to what it reads; it changes as the connection goes through its stages. */
export interface LegReceiver {
  /**
   * Takes bytes and says whether to go on reading. `lent`: they are gone when this returns; otherwise they stay as they are
   * until `resume`, where this gave false.
   */
  onBytes(bytes: Buffer, lent: boolean): boolean;
  /**
   * Takes what waits in the kernel without reading it, where the receiver can and the leg streams. `bytes`: how much is
   * there at least. Undefined: it has to be read. Otherwise as of `onBytes`.
   */
  onUnread?(bytes: number): boolean | undefined;
  /** The other side will send no more. */
  onEnd(): void;
  /** The connection is gone, or going; once. `error`: why, when it does not close in good order. */
  onClose(error: NodeJS.ErrnoException | undefined): void;
}

/** Who is told when the kernel has taken what it did not take at once. */
export interface LegSender {
  /** More of what was written is accepted, and not all yet. */
  onProgress(): void;
  /** All that was written is accepted, or (`error`) will never be. */
  onWritten(error: Error | undefined): void;
}

/** What came of bytes that went from one connection to another without passing through the process. */
export interface Spliced {
  /** Bytes taken from the source. */
  readonly taken: number;
  /** Of them, bytes that the sink's kernel accepted. The sink's sender hears when the rest is. */
  readonly accepted: number;
}

/**
 * One side of a connection through the gateway: its bytes go to a receiver. Every error of it ends in `onClose`, and nothing
 * of it is told from inside of a call to it. Many legs may be told of their events, one after the other, before a microtask runs.
 */
export interface Leg {
  receiver: LegReceiver;
  sender: LegSender | undefined;
  /** Called once, after everything else: the connection's descriptor is given back. */
  onGone: (() => void) | undefined;
  /** Of the other side; an IPv4-mapped IPv6 address as the IPv4 one, empty when it has gone already. */
  readonly address: string;
  /** Whether nothing more is read until `resume`. */
  readonly isStopped: boolean;
  /** Whether all that was written has been accepted by the kernel, of a connection that stands. */
  readonly isFlushed: boolean;
  /** Bytes that were written and are still in our memory. */
  readonly unsentBytes: number;
  /** Whether the connection closed after both directions had come to their end. */
  readonly closedInOrder: boolean;
  /** Stops reading from outside of `onBytes`. */
  stop(): void;
  /** Goes on reading after the receiver had it stopped. */
  resume(): void;
  /** Writes what nobody waits for. Text is Latin-1. */
  write(bytes: WireBytes): void;
  /** Writes; gives whether the kernel accepted it at once. Otherwise the sender is told. `lent`: as of `onBytes`. */
  send(bytes: Buffer, lent: boolean): boolean;
  /**
   * Whether bytes can go from another connection to this one inside the kernel, now. Not while something that was written is
   * not flushed.
   */
  canSplice(source: Leg): boolean;
  /** Moves up to `bytes` that wait at `source`; `undefined` where that cannot be done. */
  splice(source: Leg, bytes: number): Spliced | undefined;
  /** Where the kernel is in what is written, for `unaccepted`. */
  mark(): number;
  /**
   * How many of `bytes`, which is all that was written since `mark`, the kernel has not accepted; `undefined` when that
   * cannot be known. Known just after the end of the connection too. For TLS too few by its framing at most: 29 bytes for
   * each 16 KB, never too many.
   */
  unaccepted(bytes: number, mark: number): number | undefined;
  /** Sends a last word, if any, and after it the end of our side. */
  end(bytes?: WireBytes): void;
  /**
   * Closes a connection that was read to the end and on which everything was written. Nothing unread is left that would make
   * the kernel send a reset, so what it still has to send arrives, and the FIN behind it.
   */
  finish(): void;
  /** Closes at once; what is not written yet is lost. */
  destroy(): void;
  /**
   * Finds out whether a peer of which nothing is read just now, or ever again, has reset the connection. Ends in `onClose`
   * if so. Where our side has ended too, nothing may be able to tell.
   */
  probe(): void;
  /** Has TCP look for a dead peer after so long in silence. */
  keepAlive(delayMs: number): void;
}

/** Who dials: hears when the connection stands; when it does not come to that, `onClose`. */
export interface Dialling extends LegReceiver {
  /** `leg`: the connection, whose receiver it is. */
  onConnect(leg: Leg): void;
}

/** A connection that is being made. */
export interface Dialled {
  /** Gives it up. Whoever dials may still hear `onClose`, and nothing else. */
  destroy(): void;
}
