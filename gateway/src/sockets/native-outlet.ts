import { Buffer } from 'node:buffer';
import type { WireBytes } from '../offer.ts';
import type { Spliced } from './leg.ts';
import { type NativeEngine, type NativeWriter, systemError } from './native-engine.ts';

/** Who is told what becomes of what was written. Nothing is told from inside of a write but its failure. */
export interface OutletOwner {
  /** All that was written is accepted. */
  onFlushed(): void;
  /** More of it is accepted, and not all. */
  onProgress(): void;
  onWriteFailed(error: NodeJS.ErrnoException): void;
  /** Has `tellOwed` called when this batch is through. */
  putOff(): void;
}

/** What came of a splice, where there was a pipe for it. */
export interface OutletSpliced extends Spliced {
  /** Why the source could not be read. */
  readonly sourceError: NodeJS.ErrnoException | undefined;
}

/** What the module writes of a text at once, bytes. */
const textBytes = 16_384;
const againLater = -11;
const sinkFull = 4;
const sourceFailed = 8;
const sinkFailed = 16;
const noPipe = 32;
const noPipeYet = -1;
const notGathered = -1;

/** What goes out on a descriptor, in the order in which it was written: at the end of the batch, at once, or when there is room. */
export class NativeOutlet implements NativeWriter {
  readonly #engine: NativeEngine;
  readonly #fd: number;
  readonly #owner: OutletOwner;
  #isAskedForRoom: boolean;
  /** Nothing more is taken. */
  #isClosed = false;
  #isDropped = false;
  /** Written, but not accepted yet: among the writes of this batch; here, behind those; or in a pipe. */
  #gathered = notGathered;
  #gatheredBytes = 0;
  /** Written when nothing was taken any more. */
  #lostBytes = 0;
  /** All is accepted, and nobody was told yet. */
  #owesWord = false;
  #unsent: Buffer | undefined;
  #pipe = noPipeYet;
  #pipedBytes = 0;

  /** `isAskedForRoom`: epoll tells already when there is room. */
  constructor(engine: NativeEngine, fd: number, isAskedForRoom: boolean, owner: OutletOwner) {
    this.#engine = engine;
    this.#fd = fd;
    this.#isAskedForRoom = isAskedForRoom;
    this.#owner = owner;
  }

  get unsentBytes(): number {
    return this.#gatheredBytes + (this.#unsent?.length ?? 0) + this.#pipedBytes;
  }

  /** How many of the last `bytes` the kernel has not accepted, or never will. */
  unaccepted(bytes: number): number {
    return Math.min(bytes, this.unsentBytes + this.#lostBytes);
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

  /** As of a leg. */
  send(bytes: Buffer, lent: boolean): boolean {
    if (this.#isLost(bytes) || this.#isGathered(bytes)) return false;
    const accepted = this.unsentBytes > 0 ? againLater : this.#engine.module.write(this.#fd, bytes);
    if (accepted === bytes.length) return true;
    const rest = accepted > 0 ? bytes.subarray(accepted) : bytes;
    this.#keep(lent ? Buffer.from(rest) : rest, accepted);
    return false;
  }

  /** Moves up to `bytes` that wait at a descriptor; `undefined` when there is no pipe left. Not while anything is unsent. */
  splice(source: number, bytes: number): OutletSpliced | undefined {
    const { module } = this.#engine;
    const accepted = module.splice(source, this.#fd, bytes, noPipeYet, 0);
    const [pipe = noPipeYet, piped = 0, found = 0, taken = 0, errno = 0] = module.reply;
    this.#pipe = pipe;
    this.#pipedBytes = piped;
    if ((found & noPipe) !== 0) return undefined;
    if ((found & sinkFailed) !== 0) this.#owner.onWriteFailed(systemError(-errno, 'write'));
    else if ((found & sinkFull) !== 0) this.#askForRoom();
    return { taken, accepted, sourceError: (found & sourceFailed) === 0 ? undefined : systemError(-errno, 'read') };
  }

  /** There is room again. What is among the writes of this batch has its turn anyway. */
  onRoom(): void {
    if (this.#gathered === notGathered && this.unsentBytes > 0) this.#flush();
  }

  onMade(result: number, out: Buffer, at: number): void {
    const length = this.#gatheredBytes;
    this.#gathered = notGathered;
    this.#gatheredBytes = 0;
    if (result !== length) this.#keep(Buffer.from(out.subarray(at + Math.max(0, result), at + length)), result);
  }

  tellMade(): void {
    if (this.unsentBytes === 0 && !this.#isDropped) this.#tellFlushed();
  }

  /** Tells what could not be told at once. */
  tellOwed(): void {
    if (this.#owesWord) this.tellMade();
  }

  /** Makes a write that is among those of this batch now, whatever ends the connection meanwhile. */
  hurry(): void {
    if (this.#gathered !== notGathered) this.#hasten();
  }

  /** Takes nothing more: what is written from now on goes to nobody. */
  close(): void {
    this.#isClosed = true;
  }

  /** Gives up what is not accepted. */
  drop(): void {
    this.#isClosed = true;
    this.#isDropped = true;
    if (this.#gathered !== notGathered) this.#engine.forget(this.#gathered);
    this.#gathered = notGathered;
    if (this.#pipe >= 0) this.#engine.module.dropPipe(this.#pipe);
    this.#pipe = noPipeYet;
  }

  #tellFlushed(): void {
    this.#owesWord = false;
    this.#owner.onFlushed();
  }

  /** Keeps what the kernel did not take. */
  #keep(rest: Buffer, result: number): void {
    this.#unsent = this.#unsent === undefined ? rest : Buffer.concat([this.#unsent, rest]);
    if (result < 0 && result !== againLater) this.#owner.onWriteFailed(systemError(result, 'write'));
    else this.#askForRoom();
  }

  #isLost(bytes: WireBytes): boolean {
    if (this.#isClosed) this.#lostBytes += bytes.length;
    return this.#isClosed;
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
    this.#owner.putOff();
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
      else if (accepted !== againLater) this.#owner.onWriteFailed(systemError(accepted, 'write'));
    }
    if (this.#pipe >= 0 && this.#unsent === undefined) {
      module.splice(this.#fd, this.#fd, 0, this.#pipe, this.#pipedBytes);
      const [pipe = noPipeYet, piped = 0, found = 0, , errno = 0] = module.reply;
      this.#pipe = pipe;
      this.#pipedBytes = piped;
      if ((found & sinkFailed) !== 0) this.#owner.onWriteFailed(systemError(-errno, 'write'));
    }
    if (this.unsentBytes === 0 && !this.#isDropped) this.#tellFlushed();
    else if (this.unsentBytes < before) this.#owner.onProgress();
  }
}
