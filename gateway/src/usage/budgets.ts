import type { LeaseLine } from '@marvel/shared/usage-batch';
import { Budget } from './budget.ts';

/** The most budgets held at once; beyond it, admission waits until some are forgotten. */
export const maxBudgets = 1_000_000;

/** How many budgets nothing happened to are looked at with each batch, for leases to renew, return or forget. */
const sweepCount = 1000;

/** The budgets this gateway spends from, made on demand and forgotten when idle and settled. */
export class Budgets {
  readonly #budgets = new Map<string, Budget>();
  readonly #feedBalanceBytes: (budget: string) => number | undefined;
  #touched: Budget[] = [];
  #sweep: Iterator<Budget> | undefined;

  /** `feedBalanceBytes`: what the feed says is left of a budget. */
  constructor(feedBalanceBytes: (budget: string) => number | undefined) {
    this.#feedBalanceBytes = feedBalanceBytes;
  }

  get size(): number {
    return this.#budgets.size;
  }

  get isFull(): boolean {
    return this.#budgets.size >= maxBudgets;
  }

  find(id: string): Budget | undefined {
    return this.#budgets.get(id);
  }

  of(id: string): Budget {
    const known = this.#budgets.get(id);
    if (known !== undefined) return known;
    const budget = new Budget(id, this.#feedBalanceBytes(id));
    this.#budgets.set(id, budget);
    return budget;
  }

  /** Marks a budget whose line may have changed, to be looked at with the next batch. */
  touch(budget: Budget): void {
    if (budget.isTouched) return;
    budget.isTouched = true;
    this.#touched.push(budget);
  }

  /** Takes up what the feed now says: of one budget, or of all. */
  noteFeedBalance(id?: string): void {
    const budgets = id === undefined ? this.#budgets.values() : [this.#budgets.get(id)];
    for (const budget of budgets) {
      budget?.noteFeedBalance(this.#feedBalanceBytes(budget.id));
      if (budget?.lease.isUrgent === true) this.touch(budget);
    }
  }

  get hasUrgent(): boolean {
    return this.#touched.some((budget) => budget.lease.isUrgent);
  }

  /** The lines for a batch before which everything was acknowledged: urgent ones first, at most `count`. */
  seal(count: number, nowMs: number): readonly LeaseLine[] {
    const touched = this.#touched;
    if (touched.length > count) {
      const isUrgent = new Map(touched.map((budget) => [budget, budget.lease.isUrgent]));
      touched.sort((a, b) => Number(isUrgent.get(b)) - Number(isUrgent.get(a)));
    }
    this.#touched = touched.slice(count);
    const lines: LeaseLine[] = [];
    for (const budget of touched.slice(0, count)) {
      budget.isTouched = false;
      const line = budget.seal(nowMs);
      if (line !== undefined) lines.push(line);
    }
    this.#sealQuiet(Math.min(sweepCount, count - lines.length), lines, nowMs);
    return lines;
  }

  /** The lines that give back every lease, at most `count`. */
  sealForGood(count: number): readonly LeaseLine[] {
    const lines: LeaseLine[] = [];
    for (const budget of this.#budgets.values()) {
      if (lines.length === count) break;
      const line = budget.sealForGood();
      if (line !== undefined) lines.push(line);
    }
    return lines;
  }

  /** Goes on round the budgets where it left off. */
  #sealQuiet(count: number, lines: LeaseLine[], nowMs: number): void {
    this.#sweep ??= this.#budgets.values();
    for (let looked = 0; looked < count; looked += 1) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = undefined;
        return;
      }
      const budget = next.value;
      if (budget.isTouched || budget.isAsked) continue;
      const line = budget.seal(nowMs);
      if (line !== undefined) lines.push(line);
      else if (budget.isForgettable(nowMs)) this.#budgets.delete(budget.id);
    }
  }
}
