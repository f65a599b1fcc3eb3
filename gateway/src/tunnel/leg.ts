import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  acceptedBytes,
  type BufferedReading,
  handleOf,
  handleUnder,
  hasLostPeer,
  type InstallReading,
  queuedBytes,
} from './node-internals.ts';
import type { ReadBuffers } from './read-buffers.ts';

/** Who a leg hands on to what it reads; it changes as the connection goes through its stages. */
export interface LegReceiver {
  /**
   * Takes bytes and says whether to go on reading. `lent`: they are gone when this returns; otherwise they stay as they are
   * until `resume`, where this gave false.
   */
  onBytes(bytes: Buffer, lent: boolean): boolean;
  /** The other side will send no more. */
  onEnd(): void;
  /** The socket is gone, or going; once. `error`: why, when it does not close in good order. */
  onClose(error: NodeJS.ErrnoException | undefined): void;
}

/** How long the last word of TLS may wait for a peer that does not read, ms. */
const finishTimeoutMs = 30_000;
const legKey = Symbol('leg');
type LegSocket = Socket & { [legKey]?: Leg };
const nothing = Buffer.alloc(0);

/**
 * One side of a connection through the gateway: a socket whose bytes go to a receiver, read into shared buffers where that
 * can be done. Every error of the socket ends in `onClose`.
 */
export class Leg {
  readonly socket: Socket;
  receiver: LegReceiver;
  readonly #buffers: ReadBuffers;
  #buffer: Buffer;
  #isStopped = false;
  #isClosed = false;
  #handle: unknown;

  /** `open` makes the socket, and reads it as it is told to if it can. */
  constructor(receiver: LegReceiver, buffers: ReadBuffers, open: (reading: BufferedReading) => Socket) {
    this.receiver = receiver;
    this.#buffers = buffers;
    this.#buffer = buffers.quiet;
    const socket: LegSocket = open({ buffer: buffers.next, callback: (bytes) => this.#onRead(bytes) });
    this.socket = socket;
    socket[legKey] = this;
    // TLS goes on delivering what it has decrypted after reading was stopped, so its bytes need memory of their own.
    if (socket instanceof TLSSocket) socket.on('data', onData);
    // Listeners that find their leg by the socket: one function each for all legs.
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  /** The leg of an accepted socket; without `install` it is read by `data` events. */
  static ofAccepted(socket: Socket, receiver: LegReceiver, buffers: ReadBuffers, install: InstallReading | undefined) {
    const leg = new Leg(receiver, buffers, (reading) => {
      if (socket instanceof TLSSocket) return socket;
      if (install === undefined) socket.on('data', onData);
      else install(socket, reading);
      return socket;
    });
    leg.noteConnected();
    return leg;
  }

  /** Whether nothing more is read until `resume`. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Whether what is written goes through TLS, and so never to the kernel at once. */
  get isTls(): boolean {
    return this.socket instanceof TLSSocket;
  }

  /** Stops reading from outside of `onBytes`. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.socket.pause();
  }

  /** Goes on reading after the receiver had it stopped. */
  resume(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.socket.resume();
  }

  /**
   * Finds out whether a peer of which nothing is read just now, or ever again, has reset the connection: the kernel tells that
   * to who reads or writes, and a write of nothing sends nothing. Ends in `onClose` if so. What is still being written finds
   * out by itself; where our side has ended too, nothing can.
   */
  probe(): void {
    const { socket } = this;
    if (!socket.writable || socket.writableLength > 0) return;
    if (!(socket instanceof TLSSocket)) socket.write(nothing);
    // TLS makes nothing of nothing.
    else if (hasLostPeer(this.#handle)) socket.destroy();
  }

  /** Must be called once the socket is connected for `unaccepted` to be known. */
  noteConnected(): void {
    this.#handle = this.socket instanceof TLSSocket ? handleUnder(this.socket) : handleOf(this.socket);
  }

  /** Where the kernel is in what is written. TLS alone needs it: what it sends is longer than what it was given. */
  mark(): number {
    return this.socket instanceof TLSSocket ? (acceptedBytes(this.#handle) ?? 0) : 0;
  }

  /**
   * How many of `bytes`, which is all that was written since `mark`, the kernel has not accepted; `undefined` when that
   * cannot be known. For TLS too few by its framing at most: 29 bytes for each 16 KB, never too many.
   */
  unaccepted(bytes: number, mark: number): number | undefined {
    if (!(this.socket instanceof TLSSocket)) {
      const queued = queuedBytes(this.#handle);
      return queued === undefined ? undefined : Math.min(bytes, queued);
    }
    const accepted = acceptedBytes(this.#handle);
    return accepted === undefined ? undefined : Math.max(0, bytes - (accepted - mark));
  }

  /** Whether all that was written has been accepted by the kernel. */
  get isFlushed(): boolean {
    const { socket } = this;
    return socket.writableLength === 0 && !socket.destroyed && socket.errored === null;
  }

  /** Takes what a `data` event gave: memory of its own. */
  takeData(bytes: Buffer): void {
    if (this.receiver.onBytes(bytes, false)) return;
    this.#isStopped = true;
    this.socket.pause();
  }

  /** Whether the socket closed after both directions had come to their end. */
  get closedInOrder(): boolean {
    return this.socket.readableEnded && this.socket.writableFinished;
  }

  /**
   * Closes a socket that has read to the end and written everything. Nothing unread is left that would make the kernel send
   * a reset, so what it still has to send arrives, and the FIN behind it.
   */
  finish(): void {
    const { socket } = this;
    if (!(socket instanceof TLSSocket)) {
      socket.destroy();
      return;
    }
    // TLS has a word of its own to say at the end.
    socket.setTimeout(finishTimeoutMs, destroy);
    socket.end();
  }

  /** Tells the receiver once that the socket is gone. */
  close(error: NodeJS.ErrnoException | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#buffers.giveBack(this.#buffer, !this.#isStopped);
    this.#buffer = this.#buffers.quiet;
    this.receiver.onClose(error);
  }

  #onRead(bytes: number): boolean {
    const buffer = this.#buffer;
    const goesOn = this.receiver.onBytes(buffer.subarray(0, bytes), buffer === this.#buffers.quiet);
    this.#isStopped = !goesOn;
    this.#buffer = this.#buffers.decide(buffer, bytes, goesOn);
    return goesOn;
  }
}

function onData(this: LegSocket, bytes: Buffer): void {
  this[legKey]?.takeData(bytes);
}

function destroy(this: Socket): void {
  this.destroy();
}

function onEnd(this: LegSocket): void {
  this[legKey]?.receiver.onEnd();
}

function onError(this: LegSocket, error: NodeJS.ErrnoException): void {
  this[legKey]?.close(error);
}

function onClose(this: LegSocket): void {
  this[legKey]?.close(undefined);
}
