/** Size of the one buffer that all quiet sockets read into, bytes. */
const quietBytes = 16_384;
/** Size of the buffer a streaming socket has to itself, bytes. Source: measured; larger ones gained nothing. */
const streamingBytes = 131_072;
/** A streaming socket that reads less than this at once is quiet again, bytes. */
const quietBelowBytes = 8192;
/** Streaming buffers kept for the next socket that streams: 16 MB. */
const maxSpare = 128;
/** Streaming buffers in use at once: 512 MB. Beyond it sockets stream in steps of `quietBytes`. */
const maxLent = 4096;

/**
 * What sockets read into: one small buffer that all quiet ones share, since a read is dealt with before the next begins,
 * and a large one for each socket that streams, given back when it turns quiet.
 */
export class ReadBuffers {
  readonly quiet: Buffer = Buffer.allocUnsafeSlow(quietBytes);
  /** For the socket that is asked next, which is the one whose read has just been dealt with. */
  #next = this.quiet;
  readonly #spare: Buffer[] = [];
  #lent = 0;

  /** Gives the buffer for the next read; one function for all sockets. */
  readonly next = (): Buffer => {
    const buffer = this.#next;
    this.#next = this.quiet;
    return buffer;
  };

  /** Decides the buffer for the next read of the socket that has just read `bytes` into `buffer`. `isFree`: nobody needs them longer. */
  decide(buffer: Buffer, bytes: number, isFree: boolean): Buffer {
    if (isFree && buffer === this.quiet && bytes === quietBytes) {
      this.#next = this.#lend();
    } else if (isFree && buffer !== this.quiet && bytes < quietBelowBytes) {
      this.giveBack(buffer, true);
      this.#next = this.quiet;
    } else {
      this.#next = buffer;
    }
    return this.#next;
  }

  /** Ends the use of a buffer. One that is not free may still be read by the kernel, so the garbage collector has it. */
  giveBack(buffer: Buffer, isFree: boolean): void {
    if (buffer === this.quiet) return;
    this.#lent -= 1;
    if (isFree && this.#spare.length < maxSpare) this.#spare.push(buffer);
  }

  #lend(): Buffer {
    if (this.#lent >= maxLent) return this.quiet;
    this.#lent += 1;
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(streamingBytes);
  }
}
