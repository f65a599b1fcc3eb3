import { Buffer } from 'node:buffer';
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
  type NativeWriter,
  systemError,
} from './native-engine.ts';

/** Reads of one connection before others have their turn, and what a splice counts as. */
const maxReads = 8;
const spliceReads = 4;
/** What waits to be read is worth a splice from here on, bytes; less of it is copied. Source: measured. */
const worthSplicingBytes = 8192;
/** What the module writes of a text at once, bytes. */
const textBytes = 16_384;
const againLater = -11;
const sinkFull = 4;
const sourceFailed = 8;
const sinkFailed = 16;
const noPipe = 32;
const noPipeYet = -1;
const notOpen = -1;
const notGathered = -1;

/**
 * A connection on a descriptor of ours: each read is one system call, and so is each write, made at the end of the batch of
 * events that it comes from.
 */
export class NativeLeg implements Leg, NativeTarget, NativeWriter {
  receiver: LegReceiver;
  sender: LegSender | undefined;
  onGone: (() => void) | undefined;
  readonly address: string;
  readonly #engine: NativeEngine;
  readonly #fd: number;
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
  #isAskedForRoom: boolean;
  #isGone = false;
  #error: NodeJS.ErrnoException | undefined;
  /** Written, but not accepted yet: among the writes of this batch; here, behind those; or in a pipe. */
  #gathered = notGathered;
  #gatheredBytes = 0;
  /** Written when nothing could be any more. */
  #lostBytes = 0;
  /** All is accepted, and nobody was told yet. */
  #owesWord = false;
  #unsent: Buffer | undefined;
  #pipe = noPipeYet;
  #pipedBytes = 0;

  private constructor(engine: NativeEngine, fd: number, address: string, receiver: LegReceiver, dialling?: Dialling) {
    this.#engine = engine;
    this.#fd = fd;
    this.address = address;
    this.receiver = receiver;
    this.#dialling = dialling;
    this.#isAskedForRoom = dialling !== undefined;
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
    return this.#gatheredBytes + (this.#unsent?.length ?? 0) + this.#pipedBytes;
  }

  get closedInOrder(): boolean {
    return this.#hasEnded && this.#isShut && this.#error === undefined;
  }

  onReady(flags: number): void {
    if (this.#dialling !== undefined && !this.#connected(flags)) return;
    if ((flags & epollError) !== 0) this.#isBroken = true;
    if ((flags & (epollPeerEnded | epollHangUp | epollError | epollUrgent)) !== 0) this.#isLast = true;
    if ((flags & epollOut) !== 0 && this.#gathered === notGathered && this.unsentBytes > 0) this.#flush();
    if (this.#isLast || (flags & epollIn) !== 0) {
      this.#isReadable = true;
      this.#read();
    }
    if (this.#isBroken && this.#hasEnded) this.probe();
  }

  goOn(): void {
    this.#isPutOff = false;
    if (this.#owesWord && this.isFlushed) this.#flushed();
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
    if (this.#isReadable) this.#putOff();
  }

  write(bytes: WireBytes): void {
    if (bytes.length === 0) return;
    if (typeof bytes !== 'string' || bytes.length > textBytes) {
      this.send(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, false);
      return;
    }
    if (this.#isLost(bytes) || this.#isGathered(bytes)) return;
    const accepted = this.unsentBytes > 0 ? againLater : this.#engine.module.writeText(this.#fd, bytes);
    if (accepted === bytes.length) return;
    this.#keep(Buffer.from(bytes.slice(Math.max(0, accepted)), 'latin1'), accepted);
  }

  send(bytes: Buffer, lent: boolean): boolean {
    if (this.#isLost(bytes) || this.#isGathered(bytes)) return false;
    const accepted = this.unsentBytes > 0 ? againLater : this.#engine.module.write(this.#fd, bytes);
    if (accepted === bytes.length) return true;
    const rest = accepted > 0 ? bytes.subarray(accepted) : bytes;
    this.#keep(lent ? Buffer.from(rest) : rest, accepted);
    return false;
  }

  onMade(result: number, out: Buffer, at: number): void {
    const length = this.#gatheredBytes;
    this.#gathered = notGathered;
    this.#gatheredBytes = 0;
    if (result !== length) this.#keep(Buffer.from(out.subarray(at + Math.max(0, result), at + length)), result);
  }

  tellMade(): void {
    if (this.isFlushed) this.#flushed();
  }

  canSplice(source: Leg): boolean {
    return source instanceof NativeLeg && !this.#isGone && !this.#isEnding && this.unsentBytes === 0;
  }

  splice(source: Leg, bytes: number): Spliced | undefined {
    if (!(source instanceof NativeLeg)) return undefined;
    const { module } = this.#engine;
    const accepted = module.splice(source.#fd, this.#fd, bytes, noPipeYet, 0);
    const [pipe = noPipeYet, piped = 0, found = 0, taken = 0, errno = 0] = module.reply;
    this.#pipe = pipe;
    this.#pipedBytes = piped;
    if ((found & noPipe) !== 0) return undefined;
    if ((found & sourceFailed) !== 0) source.#fail(systemError(-errno, 'read'));
    if ((found & sinkFailed) !== 0) this.#fail(systemError(-errno, 'write'));
    else if ((found & sinkFull) !== 0) this.#askForRoom();
    return { taken, accepted };
  }

  mark(): number {
    return 0;
  }

  unaccepted(bytes: number): number {
    return Math.min(bytes, this.unsentBytes + this.#lostBytes);
  }

  end(bytes?: WireBytes): void {
    if (bytes !== undefined) {
      this.write(bytes);
      // Whatever ends the connection now, the last word is out.
      if (this.#gathered !== notGathered) this.#hasten();
    }
    this.#isEnding = true;
    if (this.unsentBytes === 0) this.#shutdown();
  }

  finish(): void {
    if (this.#gathered !== notGathered) this.#hasten();
    this.destroy();
  }

  destroy(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#isReadable = false;
    if (this.#gathered !== notGathered) this.#engine.forget(this.#gathered);
    this.#gathered = notGathered;
    if (this.#pipe >= 0) this.#engine.module.dropPipe(this.#pipe);
    this.#pipe = noPipeYet;
    this.#engine.retire(this.#fd, this);
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
          this.#putOff();
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

  #putOff(): void {
    if (this.#isPutOff) return;
    this.#isPutOff = true;
    this.#engine.putOff(this);
  }

  /** Keeps what the kernel did not take. */
  #keep(rest: Buffer, result: number): void {
    this.#unsent = this.#unsent === undefined ? rest : Buffer.concat([this.#unsent, rest]);
    if (result < 0 && result !== againLater) this.#fail(systemError(result, 'write'));
    else this.#askForRoom();
  }

  /** Whether it goes to nobody. */
  #isLost(bytes: WireBytes): boolean {
    if (!this.#isGone && !this.#isEnding) return false;
    this.#lostBytes += bytes.length;
    return true;
  }

  /** Whether it is put off until all writes of this batch are made. */
  #isGathered(bytes: WireBytes): boolean {
    if (this.#gathered !== notGathered) this.#hasten();
    if (this.unsentBytes > 0) return false;
    this.#gathered = this.#engine.gather(this.#fd, bytes, this);
    if (this.#gathered === notGathered) return false;
    this.#gatheredBytes = bytes.length;
    return true;
  }

  /** What was put off goes before what is written now. */
  #hasten(): void {
    const { bytes, result } = this.#engine.hasten(this.#gathered);
    this.#gathered = notGathered;
    this.#gatheredBytes = 0;
    if (result !== bytes.length) {
      this.#keep(Buffer.from(bytes.subarray(Math.max(0, result))), result);
      return;
    }
    this.#owesWord = true;
    this.#putOff();
  }

  #askForRoom(): void {
    if (this.#isAskedForRoom) return;
    this.#isAskedForRoom = true;
    this.#engine.module.askForRoom(this.#fd);
  }

  #flush(): void {
    const { module } = this.#engine;
    const before = this.unsentBytes;
    if (this.#unsent !== undefined) {
      const accepted = module.write(this.#fd, this.#unsent);
      if (accepted === this.#unsent.length) this.#unsent = undefined;
      else if (accepted >= 0) this.#unsent = this.#unsent.subarray(accepted);
      else if (accepted !== againLater) this.#fail(systemError(accepted, 'write'));
    }
    if (this.#pipe >= 0 && this.#unsent === undefined) {
      module.splice(this.#fd, this.#fd, 0, this.#pipe, this.#pipedBytes);
      const [pipe = noPipeYet, piped = 0, found = 0, , errno = 0] = module.reply;
      this.#pipe = pipe;
      this.#pipedBytes = piped;
      if ((found & sinkFailed) !== 0) this.#fail(systemError(-errno, 'write'));
    }
    if (this.isFlushed) this.#flushed();
    else if (this.unsentBytes < before) this.sender?.onProgress();
  }

  #flushed(): void {
    this.#owesWord = false;
    if (this.#isEnding) this.#shutdown();
    this.sender?.onWritten(undefined);
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
