import type { WireBytes } from '../offer.ts';
import type { Leg } from '../sockets/leg.ts';
import { linger } from './linger.ts';

/** Connections that are told of an overload at once; more are closed without a word. */
const maxTold = 64;

/** Turns away connections for which there is no room, without asking what they want: that would cost what is lacking. */
export class Shedding {
  readonly #timeoutMs: number;
  #told = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** `bytes`: what a client is told. */
  turnAway(leg: Leg, bytes: WireBytes): void {
    if (this.#told >= maxTold) {
      leg.destroy();
      return;
    }
    this.#told += 1;
    leg.onGone = () => {
      this.#told -= 1;
    };
    linger(leg, bytes, this.#timeoutMs);
  }
}
