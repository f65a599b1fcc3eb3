import { Buffer } from 'node:buffer';
import { getSystemErrorName } from 'node:util';
import type { WireBytes } from '../offer.ts';
import type { NativeModule } from './native-module.ts';

/** What has a descriptor, and hears what epoll says of it. */
export interface NativeTarget {
  onReady(flags: number): void;
  /** Goes on with what it put off. */
  goOn(): void;
  /** Its descriptor is closed. */
  onRetired(): void;
}

/** Who puts off a write until those of the same batch are made. */
export interface NativeWriter {
  /**
   * Notes what became of it: bytes that the kernel accepted, or `-errno`. `out`, `at`: where its bytes are until this returns.
   * Nobody is told yet.
   */
  onMade(result: number, out: Buffer, at: number): void;
  /** Tells who waits for it. */
  tellMade(): void;
}

/** Of `epoll_wait`. Source: epoll_ctl(2). */
export const epollIn = 1;
export const epollUrgent = 2;
export const epollOut = 4;
export const epollError = 8;
export const epollHangUp = 16;
export const epollPeerEnded = 0x2000;

/** A longer write is made at once, bytes. */
const maxGatheredBytes = 16_384;
/** How many go on with what they put off before timers and other connections have their turn: some 10 ms of streams in full flow. */
const maxGoingOn = 16;
/** Rounds of closing what the closing of others has ended, before everything else in the loop has its turn. */
const maxRounds = 4;

/**
 * The native sockets of this process: tells each descriptor's owner what is to be told, and closes descriptors when nobody
 * can be told of them any more.
 */
export class NativeEngine {
  readonly module: NativeModule;
  /** What was read last: gone with the next call to the module. */
  readonly bytes: Buffer;
  readonly #events: Int32Array;
  readonly #out: Buffer;
  readonly #writes: Int32Array;
  readonly #writers: NativeWriter[] = [];
  #outBytes = 0;
  #isGathering = false;
  /** By descriptor. */
  readonly #targets: (NativeTarget | undefined)[] = [];
  #held = 0;
  readonly #putOff: NativeTarget[] = [];
  #retired: { readonly target: NativeTarget; readonly fd: number }[] = [];
  #isTelling = false;
  #isScheduled = false;

  constructor(module: NativeModule) {
    this.module = module;
    this.bytes = Buffer.from(module.bytes.buffer);
    this.#events = module.events;
    this.#out = Buffer.from(module.out.buffer);
    this.#writes = module.writes;
    module.start((count) => {
      this.#tell(count);
    });
  }

  /** Has a target told of its descriptor from now on. */
  add(fd: number, target: NativeTarget): void {
    this.#targets[fd] = target;
    this.#held += 1;
    if (this.#held === 1) this.module.hold(true);
  }

  /** Has it told no more, closes the descriptor (-1: there is none) and then says so; never from inside of this call. */
  retire(fd: number, target: NativeTarget): void {
    // A descriptor that is closed now might be given out again while events of the old one are still to be told.
    if (fd >= 0) this.#targets[fd] = undefined;
    this.#retired.push({ target, fd });
    this.#schedule();
  }

  /** Has a target go on later, when others have had their turn. */
  putOff(target: NativeTarget): void {
    this.#putOff.push(target);
    this.#schedule();
  }

  /**
   * Puts a write off until everybody of this batch was told, and then makes all of them together: who they go to is woken
   * once for many, not for each. Gives its number, or -1 where it has to be made at once.
   */
  gather(fd: number, bytes: WireBytes, writer: NativeWriter): number {
    const writers = this.#writers;
    const { length } = bytes;
    const at = this.#outBytes;
    const index = writers.length;
    if (!this.#isGathering || length === 0) return -1;
    if (length > maxGatheredBytes || at + length > this.#out.length) return -1;
    if (3 * index === this.#writes.length) return -1;
    if (typeof bytes === 'string') this.#out.write(bytes, at, 'latin1');
    else this.#out.set(bytes, at);
    const writes = this.#writes;
    writes[3 * index] = fd;
    writes[3 * index + 1] = at;
    writes[3 * index + 2] = length;
    writers.push(writer);
    this.#outBytes = at + length;
    return index;
  }

  /** Has a write that was put off not be made. */
  forget(index: number): void {
    this.#writes[3 * index + 2] = 0;
  }

  /** Makes a write that was put off at once: gives its bytes, and what became of them. Its writer is not told. */
  hasten(index: number): { readonly bytes: Buffer; readonly result: number } {
    const fd = this.#writes[3 * index] ?? -1;
    const at = this.#writes[3 * index + 1] ?? 0;
    const bytes = this.#out.subarray(at, at + (this.#writes[3 * index + 2] ?? 0));
    this.forget(index);
    return { bytes, result: this.module.write(fd, bytes) };
  }

  /** The text that the last call left in `bytes`. */
  text(): string {
    return this.bytes.toString('latin1', 0, this.module.reply[0]);
  }

  #tell(count: number): void {
    this.#isTelling = true;
    this.#isGathering = true;
    const events = this.#events;
    for (let index = 0; index < 2 * count; index += 2) {
      const target = this.#targets[events[index] ?? -1];
      if (target === undefined) continue;
      try {
        target.onReady(events[index + 1] ?? 0);
      } catch (error) {
        raise(error);
      }
    }
    this.#isGathering = false;
    if (this.#writers.length > 0) this.#makeWrites();
    this.#isTelling = false;
    if (this.#putOff.length > 0 || this.#retired.length > 0) this.#settle();
  }

  /** What its writers write now is made at once. */
  #makeWrites(): void {
    const writers = this.#writers;
    const writes = this.#writes;
    this.module.writeAll(writers.length);
    for (let index = 0; index < writers.length; index += 1) {
      const result = writes[3 * index + 2] ?? 0;
      // Forgotten: of what was written, it is never 0.
      if (result === 0) continue;
      writers[index]?.onMade(result, this.#out, writes[3 * index + 1] ?? 0);
    }
    for (const writer of writers) {
      try {
        writer.tellMade();
      } catch (error) {
        raise(error);
      }
    }
    writers.length = 0;
    this.#outBytes = 0;
  }

  readonly #settle = (): void => {
    this.#isScheduled = false;
    this.#isTelling = true;
    const putOff = this.#putOff.splice(0, maxGoingOn);
    for (const target of putOff) {
      try {
        target.goOn();
      } catch (error) {
        raise(error);
      }
    }
    for (let round = 0; round < maxRounds && this.#retired.length > 0; round += 1) {
      const retired = this.#retired;
      this.#retired = [];
      for (const { target, fd } of retired) this.#close(fd, target);
    }
    this.#isTelling = false;
    if (this.#putOff.length > 0 || this.#retired.length > 0) this.#schedule();
  };

  #close(fd: number, target: NativeTarget): void {
    if (fd >= 0) {
      this.module.close(fd);
      this.#held -= 1;
      if (this.#held === 0) this.module.hold(false);
    }
    try {
      target.onRetired();
    } catch (error) {
      raise(error);
    }
  }

  /** What happens outside of a batch is dealt with as soon as the code that runs now is through. */
  #schedule(): void {
    if (this.#isTelling || this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#settle);
  }
}

/** A bug must not keep others of a batch from being told: it surfaces as one of any event does. */
function raise(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/** The error of a result below zero. */
export function systemError(result: number, call: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(result);
  return Object.assign(new Error(`${call} ${code}`), { code, errno: result, syscall: call });
}
