import { write, writeSync } from 'node:fs';

/** What may wait for a reader that is slow, bytes; lines beyond it are lost, since the log must not stop the tunnels. */
const maxWaitingLength = 4_194_304;
/** Between two attempts when the reader takes nothing, or the disk is full, ms. */
const retryMs = 100;
/** How often that is attempted where the process ends behind it. */
const maxSyncRetries = 20;

/**
 * Writes lines to a file descriptor. Whatever becomes of it (a reader that stopped reading, a disk that is full) costs
 * lines at most: no caller waits, and nothing is thrown.
 */
export class LogSink {
  readonly #fd: number;
  #waiting: Buffer[] = [];
  #waitingLength = 0;
  /** What is being written. */
  #current: Buffer = Buffer.alloc(0);
  #isWriting = false;
  #isPlanned = false;
  #retry: NodeJS.Timeout | undefined;
  #onIdle: (() => void)[] = [];

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** `text`: whole lines; bytes are the sink's from now on. */
  write(text: string | Buffer): void {
    const lines = typeof text === 'string' ? Buffer.from(text) : text;
    if (this.#waitingLength + lines.length > maxWaitingLength) return;
    this.#waiting.push(lines);
    this.#waitingLength += lines.length;
    if (this.#isWriting || this.#isPlanned || this.#retry !== undefined) return;
    this.#isPlanned = true;
    // Lines of one turn go out together, and in order even where the process ends in it.
    setImmediate(() => {
      this.#isPlanned = false;
      if (!this.#isWriting) this.#next();
    });
  }

  /** Resolves once all is written, or when that has not happened within `withinMs`. */
  async flush(withinMs: number): Promise<void> {
    if (this.#isIdle) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle.push(resolve);
    const limit = setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(limit);
  }

  /** Writes what can be written before it returns, for a process that ends there. */
  flushNow(): void {
    // What is on its way to the kernel stays on its way.
    let rest = this.#isWriting ? this.#takeWaiting() : Buffer.concat([this.#current, this.#takeWaiting()]);
    for (let attempt = 0; attempt < maxSyncRetries && rest.length > 0; attempt += 1) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (error) {
        if (!isPassing(error)) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs / 10);
      }
    }
  }

  get #isIdle(): boolean {
    return !this.#isWriting && this.#current.length === 0 && this.#waiting.length === 0;
  }

  #takeWaiting(): Buffer {
    const [only] = this.#waiting;
    const bytes = this.#waiting.length === 1 && only !== undefined ? only : Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingLength = 0;
    return bytes;
  }

  #next(): void {
    if (this.#current.length === 0) this.#current = this.#takeWaiting();
    if (this.#current.length === 0) {
      for (const resolve of this.#onIdle.splice(0)) resolve();
      return;
    }
    this.#isWriting = true;
    write(this.#fd, this.#current, 0, this.#current.length, null, (error, written) => {
      this.#isWriting = false;
      this.#current = this.#current.subarray(error === null ? written : 0);
      if (error === null) this.#next();
      else this.#retryLater();
    });
  }

  /** The same bytes once more, since half a line may be out already. */
  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#next();
    }, retryMs).unref();
  }
}

/** Whether a reader takes nothing just now. */
function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
