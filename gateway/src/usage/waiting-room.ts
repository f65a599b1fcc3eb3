import type { Budget, Waiter } from './budget.ts';

/** The most waiters at once; beyond it they are turned away as unanswered. */
export const maxWaiting = 200_000;

/** How many tunnels are cut before other work gets its turn. */
const cutsPerTurn = 256;

/** Everyone who waits for the edge's word on a budget, longest wait first. */
export class WaitingRoom {
  readonly #sinceMs = new Map<Waiter, number>();

  get size(): number {
    return this.#sinceMs.size;
  }

  /** Lets one wait; `false` when there is no room. */
  enter(waiter: Waiter, nowMs: number): boolean {
    if (this.#sinceMs.has(waiter)) return true;
    if (this.#sinceMs.size >= maxWaiting) return false;
    this.#sinceMs.set(waiter, nowMs);
    for (const budget of waiter.budgets) budget.waiting.add(waiter);
    return true;
  }

  leave(waiter: Waiter): void {
    if (!this.#sinceMs.delete(waiter)) return;
    for (const budget of waiter.budgets) budget.waiting.delete(waiter);
  }

  /** Those who entered more than `maxWaitMs` ago leave unanswered. */
  dismiss(maxWaitMs: number, nowMs: number): void {
    const late: Waiter[] = [];
    for (const [waiter, sinceMs] of this.#sinceMs) {
      if (nowMs - sinceMs <= maxWaitMs) break;
      late.push(waiter);
    }
    this.#cut(late, 'unanswered');
  }

  /**
   * After the edge's word on a budget: dry, and all who have it open or wait for it are cut; otherwise those who can go on
   * do, first come first served, and for the rest it is asked again.
   */
  answer(budget: Budget, nowMs: number): void {
    if (budget.lease.isDry) {
      this.#cut([...new Set([...budget.waiting, ...budget.open.items()])], 'dry');
      return;
    }
    // Who goes on may be back at the end of the line before this is over.
    const present = [...budget.waiting];
    for (const waiter of present) {
      const short = waiter.budgets.filter((each) => each.lease.spendableBytes(nowMs) === 0);
      if (short.length === 0) {
        this.leave(waiter);
        waiter.onMore();
      } else if (short.includes(budget)) {
        // It goes to the others in the order they came; who is behind this one finds nothing either.
        budget.lease.ask();
        return;
      }
    }
  }

  #cut(waiters: readonly Waiter[], why: 'dry' | 'unanswered'): void {
    for (const waiter of waiters.slice(0, cutsPerTurn)) {
      this.leave(waiter);
      waiter.onDry(why);
    }
    if (waiters.length > cutsPerTurn) setImmediate(() => this.#cut(waiters.slice(cutsPerTurn), why));
  }
}
