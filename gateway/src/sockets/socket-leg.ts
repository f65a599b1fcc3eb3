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
import type { WireBytes } from '../offer.ts';
import { clientAddress } from './client-address.ts';
import type { Leg, LegReceiver, LegSender } from './leg.ts';
import type { ReadBuffers } from './read-buffers.ts';

/** How long the last word of TLS may wait for a peer that does not read, ms. */
const finishTimeoutMs = 30_000;
/**
 * A write of at most this much is nearly always accepted at once, so it is called back only if it is not: each callback
 * costs a turn of Node's queue. Source: measured.
 */
const quickBytes = 16_384;
const legKey = Symbol('leg');
type LegSocket = Socket & { [legKey]?: SocketLeg };
const nothing = Buffer.alloc(0);

/** A socket of Node's, plain or TLS, read into shared buffers where that can be done. */
export class SocketLeg implements Leg {
  receiver: LegReceiver;
  sender: LegSender | undefined;
  onGone: (() => void) | undefined;
  readonly address: string;
  readonly #socket: Socket;
  readonly #buffers: ReadBuffers;
  #buffer: Buffer;
  #isStopped = false;
  #isClosed = false;
  #handle: unknown;
  /** Made when it is first needed: most legs never wait for a write. */
  #onWritten: ((error?: Error | null) => void) | undefined;

  /** `open` makes the socket, and reads it as it is told to if it can. */
  constructor(receiver: LegReceiver, buffers: ReadBuffers, open: (reading: BufferedReading) => Socket) {
    this.receiver = receiver;
    this.#buffers = buffers;
    this.#buffer = buffers.quiet;
    const socket: LegSocket = open({ buffer: buffers.next, callback: (bytes) => this.#onRead(bytes) });
    this.#socket = socket;
    this.address = socket.connecting ? '' : clientAddress(socket);
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
    const leg = new SocketLeg(receiver, buffers, (reading) => {
      if (socket instanceof TLSSocket) return socket;
      if (install === undefined) socket.on('data', onData);
      else install(socket, reading);
      return socket;
    });
    leg.noteConnected();
    return leg;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get isFlushed(): boolean {
    const socket = this.#socket;
    return socket.writableLength === 0 && !socket.destroyed && socket.errored === null;
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  get closedInOrder(): boolean {
    return this.#socket.readableEnded && this.#socket.writableFinished;
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#socket.resume();
  }

  /** The kernel tells of a reset to who reads or writes, and a write of nothing sends nothing. What is still being written finds out by itself. */
  probe(): void {
    const socket = this.#socket;
    if (!socket.writable || socket.writableLength > 0) return;
    if (!(socket instanceof TLSSocket)) socket.write(nothing);
    // TLS makes nothing of nothing.
    else if (hasLostPeer(this.#handle)) socket.destroy();
  }

  /** Must be called once the socket is connected for `unaccepted` to be known. */
  noteConnected(): void {
    this.#handle = this.#socket instanceof TLSSocket ? handleUnder(this.#socket) : handleOf(this.#socket);
  }

  /** TLS alone needs it: what it sends is longer than what it was given. */
  mark(): number {
    return this.#socket instanceof TLSSocket ? (acceptedBytes(this.#handle) ?? 0) : 0;
  }

  unaccepted(bytes: number, mark: number): number | undefined {
    if (!(this.#socket instanceof TLSSocket)) {
      const queued = queuedBytes(this.#handle);
      return queued === undefined ? undefined : Math.min(bytes, queued);
    }
    const accepted = acceptedBytes(this.#handle);
    return accepted === undefined ? undefined : Math.max(0, bytes - (accepted - mark));
  }

  /** Takes what a `data` event gave: memory of its own. */
  takeData(bytes: Buffer): void {
    if (this.receiver.onBytes(bytes, false)) return;
    this.#isStopped = true;
    this.#socket.pause();
  }

  write(bytes: WireBytes): void {
    this.#socket.write(bytes, 'latin1');
  }

  send(bytes: Buffer, lent: boolean): boolean {
    const socket = this.#socket;
    // A write may go on after this returns, so what is lent is copied; it is at most the shared buffer.
    const own = lent ? Buffer.from(bytes) : bytes;
    const isCalledBack = own.length > quickBytes || socket instanceof TLSSocket;
    if (isCalledBack) socket.write(own, this.#calledBack());
    else socket.write(own);
    if (this.isFlushed) return true;
    // Nothing, written behind it, is called back once what goes before it is over.
    if (!isCalledBack) socket.write(nothing, this.#calledBack());
    return false;
  }

  /** Node has no way for it. */
  canSplice(): boolean {
    return false;
  }

  splice(): undefined {
    return undefined;
  }

  end(bytes?: WireBytes): void {
    if (bytes === undefined) this.#socket.end();
    else this.#socket.end(bytes, 'latin1');
  }

  destroy(): void {
    this.#socket.destroy();
  }

  keepAlive(delayMs: number): void {
    this.#socket.setKeepAlive(true, delayMs);
  }

  finish(): void {
    const socket = this.#socket;
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

  /** Called after each write that may not be accepted at once. 'drain' would not do: it comes only after a write that filled the stream's own queue. */
  #calledBack(): (error?: Error | null) => void {
    this.#onWritten ??= (error) => {
      // A write that a destroyed socket dropped is called back without an error too.
      if (error) this.sender?.onWritten(error);
      else if (this.isFlushed) this.sender?.onWritten(undefined);
    };
    return this.#onWritten;
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
  const leg = this[legKey];
  leg?.close(undefined);
  leg?.onGone?.();
}
