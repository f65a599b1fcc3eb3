import { Buffer } from 'node:buffer';
import { getSystemErrorName } from 'node:util';
import type { NativeModule } from './native-module.ts';

/** What has a descriptor, and hears what epoll says of it. */
export interface NativeTarget {
  onReady(flags: number): void;
  /** Goes on with what it put off. */
  goOn(): void;
  /** Its descriptor is closed. */
  onRetired(): void;
}

/** Of `epoll_wait`. Source: epoll_ctl(2). */
export const epollIn = 1;
export const epollOut = 4;
export const epollError = 8;
export const epollHangUp = 16;
export const epollPeerEnded = 0x2000;

/** Rounds of putting off and going on before everything else in the loop has its turn. */
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
  /** By descriptor. */
  readonly #targets: (NativeTarget | undefined)[] = [];
  #held = 0;
  #putOff: NativeTarget[] = [];
  #retired: { readonly target: NativeTarget; readonly fd: number }[] = [];
  #isTelling = false;
  #isScheduled = false;

  constructor(module: NativeModule) {
    this.module = module;
    this.bytes = Buffer.from(module.bytes.buffer);
    this.#events = module.events;
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

  /** Has it told no more, closes the descriptor and then says so; never from inside of this call. */
  retire(fd: number, target: NativeTarget): void {
    // A descriptor that is closed now might be given out again while events of the old one are still to be told.
    this.#targets[fd] = undefined;
    this.#retired.push({ target, fd });
    this.#schedule();
  }

  /** Has a target go on later, when others have had their turn. */
  putOff(target: NativeTarget): void {
    this.#putOff.push(target);
    this.#schedule();
  }

  /** The text that the last call left in `bytes`. */
  text(): string {
    return this.bytes.toString('latin1', 0, this.module.reply[0]);
  }

  #tell(count: number): void {
    this.#isTelling = true;
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
    this.#isTelling = false;
    if (this.#putOff.length > 0 || this.#retired.length > 0) this.#settle();
  }

  readonly #settle = (): void => {
    this.#isScheduled = false;
    this.#isTelling = true;
    for (let round = 0; round < maxRounds && this.#putOff.length + this.#retired.length > 0; round += 1) {
      const putOff = this.#putOff;
      const retired = this.#retired;
      this.#putOff = [];
      this.#retired = [];
      for (const target of putOff) {
        try {
          target.goOn();
        } catch (error) {
          raise(error);
        }
      }
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
