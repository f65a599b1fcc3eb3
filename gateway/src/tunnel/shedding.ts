import type { Socket } from 'node:net';
import type { WireBytes } from '../offer.ts';
import { Leg, type LegReceiver } from './leg.ts';
import { linger } from './linger.ts';
import type { ReadBuffers } from './read-buffers.ts';

/** Connections that are told of an overload at once; more are closed without a word. */
const maxTold = 64;

const silent: LegReceiver = { onBytes: () => true, onEnd: () => {}, onClose: () => {} };

/** Turns away connections for which there is no room, without asking what they want: that would cost what is lacking. */
export class Shedding {
  readonly #buffers: ReadBuffers;
  readonly #timeoutMs: number;
  #told = 0;

  constructor(buffers: ReadBuffers, timeoutMs: number) {
    this.#buffers = buffers;
    this.#timeoutMs = timeoutMs;
  }

  /** `bytes`: what a client is told. */
  turnAway(socket: Socket, bytes: WireBytes): void {
    if (this.#told >= maxTold) {
      socket.destroy();
      return;
    }
    this.#told += 1;
    socket.on('close', () => {
      this.#told -= 1;
    });
    linger(Leg.ofAccepted(socket, silent, this.#buffers, undefined), bytes, this.#timeoutMs);
  }
}
