import type { WireBytes } from '../offer.ts';
import type { Dialling, Leg, LegReceiver, LegSender, Spliced } from './leg.ts';
import {
  epollError,
  epollHangUp,
  epollIn,
  epollOut,
  epollPeerEnded,
  epollUrgent,
  type NativeEngine,
  type NativeTarget,
  systemError,
} from './native-engine.ts';
import { NativeOutlet, type OutletOwner } from './native-outlet.ts';

/** Reads of one connection before others have their turn, and what a splice counts as. */
const maxReads = 8;
const spliceReads = 4;
/** What waits to be read is worth a splice from here on, bytes; less of it is copied. Source: measured. */
const worthSplicingBytes = 8192;
const againLater = -11;
const notOpen = -1;

/**
 * A connection on a descriptor of ours: each read is one system call, and so is each write, made at the end of the batch of
 * events that it comes from.
 */
export class NativeLeg implements Leg, NativeTarget, OutletOwner {
  receiver: LegReceiver;
  sender: LegSender | undefined;
  onGone: (() => void) | undefined;
  readonly address: string;
  readonly #engine: NativeEngine;
  readonly #fd: number;
  readonly #outlet: NativeOutlet;
  /** Until the connection stands. */
  #dialling: Dialling | undefined;
  #isStopped = false;
  /** Something may be there to be read: bytes, the end, or an error. */
  #isReadable = false;
  /** Behind what can be read is something of which nobody will tell again: the end, an error, or urgent data. */
  #isLast = false;
  #isBroken = false;
  #isReading = false;
  #isPutOff = false;
  /** The last read filled the buffer. */
  #isStreaming = false;
  #hasEnded = false;
  /** Our side is to end behind what is still to be written, and has ended. */
  #isEnding = false;
  #isShut = false;
  #isGone = false;
  #error: NodeJS.ErrnoException | undefined;

  private constructor(engine: NativeEngine, fd: number, address: string, receiver: LegReceiver, dialling?: Dialling) {
    this.#engine = engine;
    this.#fd = fd;
    this.address = address;
    this.receiver = receiver;
    this.#dialling = dialling;
    this.#outlet = new NativeOutlet(engine, fd, dialling !== undefined, this);
    if (fd >= 0) engine.add(fd, this);
  }

  /** The leg of a connection that was accepted. */
  static ofAccepted(engine: NativeEngine, fd: number, address: string, receiver: LegReceiver): NativeLeg {
    return new NativeLeg(engine, fd, address, receiver);
  }

  /** Dials an address. */
  static dial(engine: NativeEngine, host: string, port: number, dialling: Dialling): NativeLeg {
    const fd = engine.module.connect(host, port);
    const leg = new NativeLeg(engine, fd < 0 ? notOpen : fd, host, dialling, dialling);
    if (fd < 0) leg.#fail(systemError(fd, 'connect'));
    return leg;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get isFlushed(): boolean {
    return this.unsentBytes === 0 && !this.#isGone;
  }

  get unsentBytes(): number {
    return this.#outlet.unsentBytes;
  }

  get closedInOrder(): boolean {
    return this.#hasEnded && this.#isShut && this.#error === undefined;
  }

  onReady(flags: number): void {
    if (this.#dialling !== undefined && !this.#connected(flags)) return;
    if ((flags & epollError) !== 0) this.#isBroken = true;
    if ((flags & (epollPeerEnded | epollHangUp | epollError | epollUrgent)) !== 0) this.#isLast = true;
    if ((flags & epollOut) !== 0) this.#outlet.onRoom();
    if (this.#isLast || (flags & epollIn) !== 0) {
      this.#isReadable = true;
      this.#read();
    }
    if (this.#isBroken && this.#hasEnded) this.probe();
  }

  goOn(): void {
    this.#isPutOff = false;
    this.#outlet.tellOwed();
    this.#read();
    if (this.#isBroken && this.#hasEnded) this.probe();
  }

  onRetired(): void {
    this.receiver.onClose(this.#error);
    this.onGone?.();
  }

  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    // Not at once: what another leg has just read may still be in use.
    if (this.#isReadable) this.putOff();
  }

  write(bytes: WireBytes): void {
    this.#outlet.write(bytes);
  }

  send(bytes: Buffer, lent: boolean): boolean {
    return this.#outlet.send(bytes, lent);
  }

  canSplice(source: Leg): boolean {
    return source instanceof NativeLeg && !this.#isGone && !this.#isEnding && this.unsentBytes === 0;
  }

  splice(source: Leg, bytes: number): Spliced | undefined {
    if (!(source instanceof NativeLeg)) return undefined;
    const spliced = this.#outlet.splice(source.#fd, bytes);
    if (spliced?.sourceError !== undefined) source.#fail(spliced.sourceError);
    return spliced;
  }

  mark(): number {
    return 0;
  }

  unaccepted(bytes: number): number {
    return this.#outlet.unaccepted(bytes);
  }

  end(bytes?: WireBytes): void {
    if (bytes !== undefined) {
      this.#outlet.write(bytes);
      // Whatever ends the connection now, the last word is out.
      this.#outlet.hurry();
    }
    this.#isEnding = true;
    this.#outlet.close();
    if (this.unsentBytes === 0) this.#shutdown();
  }

  finish(): void {
    this.#outlet.hurry();
    this.destroy();
  }

  destroy(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#isReadable = false;
    this.#outlet.drop();
    this.#engine.retire(this.#fd, this);
  }

  putOff(): void {
    if (this.#isPutOff) return;
    this.#isPutOff = true;
    this.#engine.putOff(this);
  }

  onFlushed(): void {
    if (this.#isEnding) this.#shutdown();
    this.sender?.onWritten(undefined);
  }

  onProgress(): void {
    this.sender?.onProgress();
  }

  onWriteFailed(error: NodeJS.ErrnoException): void {
    this.#fail(error);
  }

  /** The kernel has told of it, also while nothing is read. */
  probe(): void {
    if (!this.#isBroken || this.#isGone) return;
    const failure = this.#engine.module.failure(this.#fd);
    this.#fail(systemError(failure < 0 ? failure : -104, 'read'));
  }

  keepAlive(delayMs: number): void {
    if (!this.#isGone) this.#engine.module.keepAlive(this.#fd, Math.ceil(delayMs / 1000));
  }

  /** Gives whether the connection stands. */
  #connected(flags: number): boolean {
    const dialling = this.#dialling;
    if ((flags & (epollError | epollHangUp)) !== 0) {
      const failure = this.#engine.module.failure(this.#fd);
      this.#dialling = undefined;
      this.#fail(systemError(failure < 0 ? failure : -104, 'connect'));
      return false;
    }
    if ((flags & epollOut) === 0) return false;
    this.#dialling = undefined;
    dialling?.onConnect(this);
    return true;
  }

  #read(): void {
    if (this.#isReading || this.#isGone) return;
    this.#isReading = true;
    try {
      for (let reads = 0; this.#isReadable && !this.#isStopped && !this.#hasEnded;) {
        if (reads >= maxReads) {
          this.putOff();
          return;
        }
        if (this.#readOn()) reads += spliceReads;
        else {
          this.#readOnce();
          reads += 1;
        }
      }
    } finally {
      this.#isReading = false;
    }
  }

  /** While it streams, has what waits moved without reading it; gives false where it has to be read. */
  #readOn(): boolean {
    const { receiver } = this;
    if (!this.#isStreaming || receiver.onUnread === undefined) return false;
    this.#isStreaming = false;
    const unread = this.#engine.module.unread(this.#fd);
    if (unread < worthSplicingBytes) return false;
    const goesOn = receiver.onUnread(unread);
    if (goesOn === undefined) return false;
    this.#isStreaming = true;
    this.#isStopped = !goesOn;
    return true;
  }

  #readOnce(): void {
    if (this.#isGone) return;
    const { bytes, module } = this.#engine;
    const count = module.read(this.#fd);
    if (count > 0) {
      this.#isStreaming = count === bytes.length;
      // A short read has emptied the socket: whatever comes next is told of.
      if (!this.#isStreaming && !this.#isLast) this.#isReadable = false;
      this.#isStopped = !this.receiver.onBytes(bytes.subarray(0, count), true);
      return;
    }
    this.#isReadable = false;
    if (count === 0) {
      this.#hasEnded = true;
      this.receiver.onEnd();
      if (this.#isShut) this.destroy();
    } else if (count !== againLater) {
      this.#fail(systemError(count, 'read'));
    }
  }

  #shutdown(): void {
    if (this.#isShut || this.#isGone) return;
    this.#isShut = true;
    const result = this.#engine.module.shutdown(this.#fd);
    if (result < 0) this.#fail(systemError(result, 'shutdown'));
    else if (this.#hasEnded) this.destroy();
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#isGone) return;
    this.#error = error;
    this.destroy();
  }
}
