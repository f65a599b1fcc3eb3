import type { Leg, LegReceiver } from './leg.ts';

/** What a flow asks of its tunnel. */
export interface FlowOwner {
  /** Takes up to `bytes` from the budgets and gives how many may go on. */
  take(bytes: number): number;
  /** Notes bytes that the kernel of the other side accepted. */
  accepted(flow: Flow, bytes: number): void;
  /** The source will send no more. */
  sourceEnded(): void;
  /** The source has ended and the sink's kernel has accepted everything; once. */
  flowDone(flow: Flow): void;
  legClosed(leg: Leg, error: NodeJS.ErrnoException | undefined): void;
}

/**
 * A write of at most this much is nearly always accepted at once, so it is called back only if it is not: each callback
 * costs a turn of Node's queue. Source: measured.
 */
const quickBytes = 16_384;
const nothing = Buffer.alloc(0);

type WriteCallback = (error?: Error | null) => void;

/**
 * One direction of a tunnel: what is read from `source` is written to `sink`, as far as the budgets allow. While a write is
 * pending or bytes are held back, nothing more is read: so at most one read buffer of each direction is in our memory.
 *
 * Counting: a byte counts when the kernel of `sink` accepted it. Source: CONTRACT 3.8.
 */
export class Flow implements LegReceiver {
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
  #hasEnded = false;
  /** Made when it is first needed: most flows never wait for a write. */
  #onWritten: WriteCallback | undefined;

  constructor(source: Leg, sink: Leg, owner: FlowOwner) {
    this.#source = source;
    this.#sink = sink;
    this.#owner = owner;
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
    // A write may go on after this returns, so what is lent is copied; it is at most the shared buffer.
    const own = lent ? Buffer.from(bytes) : bytes;
    if (allowed === bytes.length) return this.#send(own);
    this.#held = own.subarray(allowed);
    if (allowed > 0) this.#send(own.subarray(0, allowed));
    return false;
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
    if (held === undefined) return;
    const allowed = this.#owner.take(held.length);
    if (allowed === 0) return;
    this.#held = allowed === held.length ? undefined : held.subarray(allowed);
    if (this.#send(held.subarray(0, allowed))) this.#goOn();
  }

  /** Passes the end of the source on. */
  endSink(): void {
    this.#sink.socket.end();
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

  /** Writes; gives whether the kernel accepted it at once. */
  #send(bytes: Buffer): boolean {
    const sink = this.#sink;
    if (this.#pendingBytes === 0) this.#mark = sink.mark();
    const isCalledBack = bytes.length > quickBytes || sink.isTls;
    if (isCalledBack) sink.socket.write(bytes, this.#calledBack());
    else sink.socket.write(bytes);
    if (sink.isFlushed) {
      this.#accept(bytes.length);
      return true;
    }
    this.#pendingBytes += bytes.length;
    this.#unaccepted = sink.unaccepted(this.#pendingBytes, this.#mark);
    // Nothing, written behind it, is called back once what goes before it is over.
    if (!isCalledBack) sink.socket.write(nothing, this.#calledBack());
    return false;
  }

  /** Called after each write that may not be accepted at once. 'drain' would not do: it comes only after a write that filled the stream's own queue. */
  #calledBack(): WriteCallback {
    this.#onWritten ??= (error) => {
      this.#written(error);
    };
    return this.#onWritten;
  }

  #written(error: Error | null | undefined): void {
    if (this.#pendingBytes === 0) return;
    if (error) {
      this.#hasFailed = true;
      return;
    }
    // A write that a destroyed socket dropped is called back without an error too.
    if (!this.#sink.isFlushed) return;
    const bytes = this.#pendingBytes;
    this.#pendingBytes = 0;
    this.#accept(bytes);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#held !== undefined || this.#pendingBytes > 0) return;
    if (this.#hasEnded) this.#owner.flowDone(this);
    else this.#source.resume();
  }

  #accept(bytes: number): void {
    this.acceptedBytes += bytes;
    this.#owner.accepted(this, bytes);
  }
}
