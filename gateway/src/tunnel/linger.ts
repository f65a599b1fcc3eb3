import type { WireBytes } from '../offer.ts';
import type { Leg, LegReceiver } from '../sockets/leg.ts';

/** What a client may still send after it was refused, bytes; beyond it the connection is dropped. */
const maxDrainedBytes = 262_144;

/**
 * Says a last word and closes: sends it whole, ends our side, and reads on for a while, since closing a socket with unread
 * input makes the kernel send a reset that can eat the answer on its way. Source: RFC 9112 section 9.6.
 */
export function linger(leg: Leg, bytes: WireBytes, timeoutMs: number): void {
  leg.receiver = new Drain(leg, timeoutMs);
  leg.end(bytes);
  leg.resume();
}

class Drain implements LegReceiver {
  readonly #leg: Leg;
  readonly #timer: NodeJS.Timeout;
  #drainedBytes = 0;

  constructor(leg: Leg, timeoutMs: number) {
    this.#leg = leg;
    this.#timer = setTimeout(onTimeout, timeoutMs, leg);
  }

  onBytes(bytes: Buffer): boolean {
    this.#drainedBytes += bytes.length;
    if (this.#drainedBytes > maxDrainedBytes) this.#leg.destroy();
    return true;
  }

  onEnd(): void {
    // The socket closes by itself once its answer is out too.
  }

  onClose(): void {
    clearTimeout(this.#timer);
  }
}

function onTimeout(leg: Leg): void {
  leg.destroy();
}
