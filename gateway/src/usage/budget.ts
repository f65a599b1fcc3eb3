import { BudgetLease, openingAllowanceBytes } from '@marvel/shared/lease';
import type { LeaseAnswer, LeaseLine } from '@marvel/shared/usage-batch';

/** How often a gateway speaks of a lease at least, so that the edge can ask for it back when others run short, ms. */
const probeIntervalMs = 10_000;

/** Who waits until a budget may be spent again, or is known to be dry. */
export interface Waiter {
  readonly budgets: readonly Budget[];
  onMore(): void;
  onDry(why: 'dry' | 'unanswered'): void;
}

/** One budget as this gateway spends it: its lease, who has it open, and who waits for it. */
export class Budget {
  readonly id: string;
  readonly lease: BudgetLease;
  /** Tunnels open on it. */
  readonly open = new Set<Waiter>();
  readonly waiting = new Set<Waiter>();
  /** Its line is in the batch that is not answered yet. */
  isAsked = false;
  /** Something happened that a line may have to say. */
  isTouched = false;
  #feedBalanceBytes: number | undefined;
  #lineAtMs = Number.NEGATIVE_INFINITY;

  constructor(id: string, feedBalanceBytes: number | undefined) {
    this.id = id;
    this.lease = new BudgetLease(id);
    this.#feedBalanceBytes = feedBalanceBytes;
  }

  /** Whether tunnels are open or someone waits. */
  get isInUse(): boolean {
    return this.open.size > 0 || this.waiting.size > 0;
  }

  /** Notes the feed's balance; a higher one than before means that the edge's last word no longer stands. */
  noteFeedBalance(balanceBytes: number | undefined): void {
    if ((balanceBytes ?? 0) > (this.#feedBalanceBytes ?? 0)) this.lease.refill();
    this.#feedBalanceBytes = balanceBytes;
  }

  /** The line for a batch before which everything was acknowledged; `undefined` when there is nothing to say. */
  seal(nowMs: number): LeaseLine | undefined {
    const line = this.lease.seal(!this.isInUse, nowMs) ?? this.#probe(nowMs);
    if (line === undefined) return undefined;
    this.isAsked = true;
    this.#lineAtMs = nowMs;
    return line;
  }

  /** Gives everything back: the gateway is closing. */
  sealForGood(): LeaseLine | undefined {
    // For a lease, the end of time is a moment at which it has expired and nobody has used it for long.
    const line = this.lease.seal(true, Number.POSITIVE_INFINITY);
    if (line === undefined || line.returned === 0) return undefined;
    this.isAsked = true;
    return { ...line, wanted: 0 };
  }

  apply(answer: LeaseAnswer, sentAtMs: number, nowMs: number): void {
    this.isAsked = false;
    this.lease.apply(answer, sentAtMs, nowMs);
  }

  /**
   * Whether it can be forgotten, once it has nothing to say: a new one in its place would stand where this one stands,
   * with a whole allowance, or dry by the feed's word.
   */
  isForgettable(nowMs: number): boolean {
    if (this.isInUse || this.isAsked || this.lease.heldBytes(nowMs) > 0) return false;
    if (this.lease.isDry) return (this.#feedBalanceBytes ?? 0) <= 0;
    return this.lease.spendableBytes(nowMs) === openingAllowanceBytes;
  }

  /** A lease with nothing to say has nothing unsettled either, so a line that changes nothing can be sent in its name. */
  #probe(nowMs: number): LeaseLine | undefined {
    const isDue = nowMs - this.#lineAtMs >= probeIntervalMs && this.lease.heldBytes(nowMs) > 0;
    return isDue ? { budget: this.id, wanted: 0, returned: 0 } : undefined;
  }
}
