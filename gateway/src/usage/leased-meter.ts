import type { PinLine } from '@marvel/shared/usage-batch';
import type { FailureCode } from '@marvel/shared/failures';
import type { BudgetStanding, Spender, SpenderEvents, Spending, UsageMeter } from '../spender.ts';
import type { Budget, Waiter } from './budget.ts';
import type { Budgets } from './budgets.ts';
import { type SpenderHost, TunnelSpender } from './tunnel-spender.ts';
import type { Heading, UsageWindow } from './usage-window.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface LeasedMeterParts {
  readonly budgets: Budgets;
  readonly window: UsageWindow;
  readonly waiting: WaitingRoom;
  /** A clock that never runs slow, ms. */
  readonly now: () => number;
  /** What the feed says is left of a budget. */
  readonly balanceBytes: (budget: string) => number | undefined;
  /** Posts at once. */
  readonly hurry: () => void;
  readonly admissionWaitMs: number;
}

/** The side of usage that requests and tunnels see: answers from leases in memory. */
export class LeasedMeter implements UsageMeter, SpenderHost {
  readonly #parts: LeasedMeterParts;

  constructor(parts: LeasedMeterParts) {
    this.#parts = parts;
  }

  standing(budgets: readonly string[]): BudgetStanding {
    const { budgets: known, window } = this.#parts;
    let standing: BudgetStanding = known.isFull || window.isFull ? 'unknown' : 'spendable';
    for (const id of budgets) {
      const one = this.#standingOf(id);
      if (one === 'dry') return id.includes('/') ? 'cap_exhausted' : 'balance_exhausted';
      if (one === 'unknown') standing = 'unknown';
    }
    return standing;
  }

  async whenKnown(budgets: readonly string[]): Promise<BudgetStanding> {
    const standing = this.standing(budgets);
    if (standing !== 'unknown') return standing;
    const answered = Promise.withResolvers<void>();
    const waiter: Waiter = {
      budgets: budgets.map((id) => this.#parts.budgets.of(id)),
      onMore: () => answered.resolve(),
      onDry: () => answered.resolve(),
    };
    this.starved(waiter);
    const timer = setTimeout(() => answered.resolve(), this.#parts.admissionWaitMs);
    await answered.promise;
    clearTimeout(timer);
    this.#parts.waiting.leave(waiter);
    return this.standing(budgets);
  }

  openSpender(spending: Spending, events: SpenderEvents): Spender {
    const budgets = spending.budgets.map((id) => this.#parts.budgets.of(id));
    return new TunnelSpender(this.#parts.window.hold(spending, budgets), events, this);
  }

  recordRefusal(principal: Pick<Spending, 'account' | 'credential' | 'dialect'>, code: FailureCode): void {
    this.#parts.window.countRefusal(principal, code);
  }

  recordDial(exit: string, succeeded: boolean, latencyMs: number): void {
    this.#parts.window.countDial(exit, succeeded, latencyMs);
  }

  recordPin(pin: PinLine): void {
    this.#parts.window.notePin(pin);
  }

  recordSource(credential: string, clientIp: string): void {
    this.#parts.window.noteSource(credential, clientIp);
  }

  now(): number {
    return this.#parts.now();
  }

  count(heading: Heading, bytesUp: number, bytesDown: number): void {
    this.#parts.window.count(heading, bytesUp, bytesDown);
  }

  touched(budget: Budget): void {
    this.#parts.budgets.touch(budget);
    if (budget.lease.isUrgent) this.#parts.hurry();
  }

  starved(waiter: Waiter): void {
    const { now, waiting } = this.#parts;
    const nowMs = now();
    for (const budget of waiter.budgets) {
      if (budget.lease.spendableBytes(nowMs) > 0) continue;
      budget.lease.ask();
      this.touched(budget);
    }
    // Where there is no room to wait in, the tunnel is cut, but not from inside its own call.
    if (!waiting.enter(waiter, nowMs)) setImmediate(() => waiter.onDry('unanswered'));
  }

  satisfied(waiter: Waiter): void {
    this.#parts.waiting.leave(waiter);
  }

  ended(spender: TunnelSpender, heading: Heading, connections: 0 | 1): void {
    this.#parts.waiting.leave(spender);
    this.#parts.window.release(heading, connections);
  }

  holdsAgain(heading: Heading): boolean {
    const { budgets, window } = this.#parts;
    // What nothing happened to for a while was forgotten, and another may stand in its place.
    for (const budget of heading.budgets) if (budgets.find(budget.id) !== budget) return false;
    return window.holdAgain(heading);
  }

  #standingOf(id: string): 'spendable' | 'unknown' | 'dry' {
    const { balanceBytes, budgets, now } = this.#parts;
    // A budget the feed has no word on is asked for like one that has some left.
    const feedBalanceBytes = balanceBytes(id) ?? 1;
    const budget = budgets.find(id);
    if (budget === undefined) return feedBalanceBytes > 0 ? 'spendable' : 'dry';
    const standing = budget.lease.standing(feedBalanceBytes, now());
    if (standing !== 'spendable' && feedBalanceBytes > 0) {
      budget.lease.ask();
      this.touched(budget);
    }
    return standing;
  }
}
