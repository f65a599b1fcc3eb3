import type { Socket } from 'node:net';
import { breakOff } from './relay.ts';

/** Every open socket of the agent, so that a drain can wait for them and cut what is left. */
export class LiveSockets {
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #onEmpty: (() => void) | undefined;

  /** Knows a socket until it closes; after `cut` it is closed at once. */
  add(socket: Socket): void {
    if (this.#isCut) return void socket.destroy();
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#onEmpty?.();
    });
  }

  /** Waits until none is open, `timeoutMs` at most. */
  async whenEmpty(timeoutMs: number): Promise<void> {
    if (this.#sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Breaks off all that are open, and whatever is added later. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) breakOff(socket);
  }
}
