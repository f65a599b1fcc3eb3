import { leaseHoldMs } from '../src/lease.ts';

/** What the clock of a gateway may lose of a lease, ms: far less than the edge holds it for. */
export const maxClockErrorMs = leaseHoldMs / 2;

/** What a small step back of the wall clock may hide of a suspend, ms. Source: `createLeaseClock` of the gateway. */
const maxSlipMs = 1000;

/**
 * The clock a gateway counts its leases by, on a machine whose clocks are wrong. It does what the gateway's lease clock is
 * tested to do: it passes as much as the larger of the monotonic and the wall clock, a second short at most, and never goes
 * back. It is slow where both are: quartz that runs slow, or a suspend (the monotonic clock stands) after which the wall
 * clock is set back.
 */
export class SimulatedClock {
  readonly #trueMs: () => number;
  readonly #random: () => number;
  readonly #monotonicRate: number;
  readonly #wallRate: number;
  #readMs: number;
  #seenMs: number;
  #lostMs = 0;

  constructor(trueMs: () => number, random: () => number) {
    this.#trueMs = trueMs;
    this.#random = random;
    this.#monotonicRate = 1 + (random() - 0.5) * 0.002;
    this.#wallRate = 1 + (random() - 0.5) * 0.002;
    this.#readMs = random() * 10_000_000;
    this.#seenMs = trueMs();
  }

  now(): number {
    const trueMs = this.#trueMs();
    this.#readMs += (trueMs - this.#seenMs) * Math.max(this.#monotonicRate, this.#wallRate);
    this.#seenMs = trueMs;
    return this.#readMs;
  }

  /** The wall clock is set: a step forward is believed, one back is not. */
  step(ms: number): void {
    this.now();
    this.#readMs += Math.max(0, ms);
  }

  /** The machine wakes after it has slept since the last reading, its wall clock set back by `setBackMs` meanwhile. */
  wake(setBackMs: number): void {
    const sleptMs = this.#trueMs() - this.#seenMs;
    const hiddenMs = Math.min(sleptMs, setBackMs + this.#random() * maxSlipMs, maxClockErrorMs - this.#lostMs);
    this.#lostMs += hiddenMs;
    this.#readMs += sleptMs - hiddenMs;
    this.#seenMs = this.#trueMs();
  }
}
