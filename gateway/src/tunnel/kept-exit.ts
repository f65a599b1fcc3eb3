import type { Leg, LegReceiver } from './leg.ts';

/** A way to a destination that waits for the next request. Whatever happens on it meanwhile ends it: nothing was asked. */
export class KeptExit implements LegReceiver {
  readonly leg: Leg;
  #isOpen = true;

  constructor(leg: Leg) {
    this.leg = leg;
    leg.receiver = this;
    leg.resume();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.leg.socket.destroy();
  }

  onBytes(): boolean {
    this.close();
    return false;
  }

  onEnd(): void {
    this.close();
  }

  onClose(): void {
    this.close();
  }
}
