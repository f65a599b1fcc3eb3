import type { Leg, LegReceiver, LegSender } from '../sockets/leg.ts';

/** What a flow asks of its tunnel. */
export interface FlowOwner {
  /** Takes up to `bytes` from the budgets and gives how many may go on. */
  take(bytes: number): number;
  /** Gives back what was taken for bytes that stay where they are. */
  untake(bytes: number): void;
  /** Notes bytes that the kernel of the other side accepted. */
  accepted(flow: Flow, bytes: number): void;
  /** The source will send no more. */
  sourceEnded(): void;
  /** The source has ended and the sink's kernel has accepted everything; once. */
  flowDone(flow: Flow): void;
  legClosed(leg: Leg, error: NodeJS.ErrnoException | undefined): void;
}

/** Taken from the budgets at once for bytes that stay in the kernel; what does not go on at once is given back. Source: measured. */
const maxSplicedBytes = 1_048_576;
const nothingSpliced = { taken: 0, accepted: 0 };

/**
 * One direction of a tunnel: what is read from `source` is written to `sink`, as far as the budgets allow. While a write is
 * pending or bytes are held back, nothing more is read: so at most one read buffer of each direction is in our memory.
 *
 * Counting: a byte counts when the kernel of `sink` accepted it. Source: CONTRACT 3.8.
 */
export class Flow implements LegReceiver, LegSender {
  /** Bytes that the kernel of `sink` accepted. */
  acceptedBytes = 0;
  readonly #source: Leg;
  readonly #sink: Leg;
  readonly #owner: FlowOwner;
  /** Read and taken, but not accepted yet. */
  #pendingBytes = 0;
  /** Where the kernel of `sink` was before they were written. */
  #mark = 0;
  /** How many of them were still not accepted when the write that failed was begun. */
  #unaccepted: number | undefined;
  #hasFailed = false;
  /** Read, but not allowed to go on yet. */
  #held: Buffer | undefined;
  /** What waits at the source waits for the budgets. */
  #isShort = false;
  #hasEnded = false;

  constructor(source: Leg, sink: Leg, owner: FlowOwner) {
    this.#source = source;
    this.#sink = sink;
    this.#owner = owner;
    sink.sender = this;
  }

  /** Sends bytes that came before the tunnel stood, then goes on with what comes. */
  start(early: Buffer): void {
    if (early.length === 0 || this.onBytes(early, false)) this.#source.resume();
    else this.#source.stop();
  }

  /** After it was done: more comes, which will end too. */
  reopen(): void {
    this.#hasEnded = false;
  }

  onBytes(bytes: Buffer, lent: boolean): boolean {
    const allowed = this.#owner.take(bytes.length);
    if (allowed === bytes.length) return this.#send(bytes, lent);
    const own = lent ? Buffer.from(bytes) : bytes;
    this.#held = own.subarray(allowed);
    if (allowed > 0) this.#send(own.subarray(0, allowed), false);
    return false;
  }

  onUnread(bytes: number): boolean | undefined {
    // What is read from now on has to go behind what is still on its way.
    if (this.#pendingBytes > 0 || this.#held !== undefined) return false;
    const sink = this.#sink;
    if (!sink.canSplice(this.#source)) return undefined;
    const wanted = Math.min(bytes, maxSplicedBytes);
    const allowed = this.#owner.take(wanted);
    if (allowed === 0) {
      this.#isShort = true;
      return false;
    }
    this.#mark = sink.mark();
    const spliced = sink.splice(this.#source, allowed);
    const { taken, accepted } = spliced ?? nothingSpliced;
    if (taken < allowed) this.#owner.untake(allowed - taken);
    this.#pendingBytes = taken - accepted;
    if (accepted > 0) this.#accept(accepted);
    // What waits is there, so where nothing of it was taken, only a read can tell why.
    if (taken === 0) return undefined;
    if (this.#pendingBytes > 0) {
      this.#unaccepted = this.#pendingBytes;
      return false;
    }
    this.#isShort = allowed < wanted && taken === allowed;
    return !this.#isShort;
  }

  onEnd(): void {
    this.#hasEnded = true;
    this.#owner.sourceEnded();
    this.#goOn();
  }

  onClose(error: NodeJS.ErrnoException | undefined): void {
    this.#owner.legClosed(this.#source, error);
  }

  /** More may be taken from the budgets. */
  more(): void {
    const held = this.#held;
    if (held === undefined) {
      if (!this.#isShort) return;
      this.#isShort = false;
      this.#goOn();
      return;
    }
    const allowed = this.#owner.take(held.length);
    if (allowed === 0) return;
    this.#held = allowed === held.length ? undefined : held.subarray(allowed);
    if (this.#send(held.subarray(0, allowed), false)) this.#goOn();
  }

  /** Passes the end of the source on. */
  endSink(): void {
    this.#sink.end();
  }

  /** Counts, at the end of the tunnel, what the kernel accepted of a pending write, and gives the bytes that it did not. */
  settle(): number {
    const pending = this.#pendingBytes;
    if (pending === 0) return 0;
    const unaccepted = this.#hasFailed ? this.#unaccepted : this.#sink.unaccepted(pending, this.#mark);
    const lost = Math.min(pending, unaccepted ?? pending);
    this.#pendingBytes = 0;
    if (lost < pending) this.#accept(pending - lost);
    return lost;
  }

  onProgress(): void {
    const pending = this.#pendingBytes;
    const left = Math.min(pending, this.#sink.unaccepted(pending, this.#mark) ?? pending);
    if (left === pending) return;
    this.#pendingBytes = left;
    this.#accept(pending - left);
  }

  onWritten(error: Error | undefined): void {
    if (this.#pendingBytes === 0) return;
    if (error !== undefined) {
      this.#hasFailed = true;
      return;
    }
    const bytes = this.#pendingBytes;
    this.#pendingBytes = 0;
    this.#accept(bytes);
    this.#goOn();
  }

  /** Writes; gives whether the kernel accepted it at once. */
  #send(bytes: Buffer, lent: boolean): boolean {
    const sink = this.#sink;
    if (this.#pendingBytes === 0) this.#mark = sink.mark();
    if (sink.send(bytes, lent)) {
      this.#accept(bytes.length);
      return true;
    }
    this.#pendingBytes += bytes.length;
    this.#unaccepted = sink.unaccepted(this.#pendingBytes, this.#mark);
    return false;
  }

  #goOn(): void {
    if (this.#held !== undefined || this.#isShort || this.#pendingBytes > 0) return;
    if (this.#hasEnded) this.#owner.flowDone(this);
    else this.#source.resume();
  }

  #accept(bytes: number): void {
    this.acceptedBytes += bytes;
    this.#owner.accepted(this, bytes);
  }
}
