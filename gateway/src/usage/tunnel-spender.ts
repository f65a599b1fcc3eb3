import type { Seat } from '@marvel/shared/roster';
import type { Spender, SpenderEvents } from '../spender.ts';
import type { Budget, Waiter } from './budget.ts';
import type { Heading } from './usage-window.ts';

/** What a spender needs of the whole: the time, the window, and someone who sees to starved budgets. */
export interface SpenderHost {
  now(): number;
  count(heading: Heading, bytesUp: number, bytesDown: number): void;
  /** The budget changed, and may want a post at once. */
  touched(budget: Budget): void;
  starved(waiter: Waiter): void;
  /** It was starved, and got what it asked for after all. */
  satisfied(waiter: Waiter): void;
  ended(spender: TunnelSpender, heading: Heading, connections: 0 | 1): void;
  /** Whether the heading can be held once more, in which case it is. */
  holdsAgain(heading: Heading): boolean;
}

/** A tunnel's hold on its budgets: what it takes is the least that any of them gives. */
export class TunnelSpender implements Spender, Waiter {
  readonly budgets: readonly Budget[];
  readonly #heading: Heading;
  readonly #events: SpenderEvents;
  readonly #host: SpenderHost;
  /** Its seat among those who have each budget open. */
  #seats: readonly Seat<Waiter>[];
  /** Taken, and neither recorded nor given back. */
  #outstandingBytes = 0;
  #isStarved = false;
  #isEnded = false;

  constructor(heading: Heading, events: SpenderEvents, host: SpenderHost) {
    this.budgets = heading.budgets;
    this.#heading = heading;
    this.#events = events;
    this.#host = host;
    this.#seats = this.budgets.map((budget) => budget.open.add(this));
  }

  take(bytes: number): number {
    if (this.#isEnded) return 0;
    const taken = this.#takeFromAll(bytes);
    this.#outstandingBytes += taken;
    if (taken < bytes) {
      this.#isStarved = true;
      this.#host.starved(this);
    } else if (this.#isStarved) {
      this.#isStarved = false;
      this.#host.satisfied(this);
    }
    return taken;
  }

  record(bytesUp: number, bytesDown: number): void {
    if (this.#isEnded) return;
    const bytes = bytesUp + bytesDown;
    // Bytes that were never taken are spent all the same: they are taken as far as there are any.
    if (bytes > this.#outstandingBytes) this.#outstandingBytes += this.#takeFromAll(bytes - this.#outstandingBytes);
    this.#outstandingBytes = Math.max(0, this.#outstandingBytes - bytes);
    this.#host.count(this.#heading, bytesUp, bytesDown);
  }

  untake(bytes: number): void {
    if (this.#isEnded) return;
    const back = Math.min(bytes, this.#outstandingBytes);
    if (back === 0) return;
    this.#outstandingBytes -= back;
    const nowMs = this.#host.now();
    for (const budget of this.budgets) {
      budget.lease.untake(back, nowMs);
      this.#host.touched(budget);
    }
  }

  end(): void {
    this.#close(1);
  }

  cancel(): void {
    this.#close(0);
  }

  again(): boolean {
    if (!this.#isEnded || !this.#host.holdsAgain(this.#heading)) return false;
    this.#seats = this.budgets.map((budget) => budget.open.add(this));
    this.#outstandingBytes = 0;
    this.#isStarved = false;
    this.#isEnded = false;
    return true;
  }

  #close(connections: 0 | 1): void {
    if (this.#isEnded) return;
    this.untake(this.#outstandingBytes);
    this.#isEnded = true;
    for (let index = 0; index < this.budgets.length; index += 1) {
      const budget = this.budgets[index];
      const seat = this.#seats[index];
      if (budget === undefined || seat === undefined) continue;
      budget.open.remove(seat);
      this.#host.touched(budget);
    }
    this.#host.ended(this, this.#heading, connections);
  }

  onMore(): void {
    if (!this.#isEnded) this.#events.onMore();
  }

  onDry(why: 'dry' | 'unanswered'): void {
    if (!this.#isEnded) this.#events.onDry(why);
  }

  #takeFromAll(bytes: number): number {
    const nowMs = this.#host.now();
    let taken = bytes;
    for (let index = 0; index < this.budgets.length; index += 1) {
      const budget = this.budgets[index];
      if (budget === undefined) break;
      const given = budget.lease.take(taken, nowMs);
      this.#host.touched(budget);
      if (given === taken) continue;
      for (const earlier of this.budgets.slice(0, index)) earlier.lease.untake(taken - given, nowMs);
      taken = given;
      if (taken === 0) break;
    }
    return taken;
  }
}
