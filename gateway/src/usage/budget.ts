import { BudgetLease, openingAllowanceBytes } from '@marvel/shared/lease';
import { Roster } from '@marvel/shared/roster';
import type { LeaseAnswer, LeaseLine } from '@marvel/shared/usage-batch';

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
  readonly open = new Roster<Waiter>();
  readonly waiting = new Set<Waiter>();
  /** Its line is in the batch that is not answered yet. */
  isAsked = false;
  /** Something happened that a line may have to say. */
  isTouched = false;
  #feedBalanceBytes: number | undefined;

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
    const line = this.lease.seal(!this.isInUse, nowMs);
    if (line !== undefined) this.isAsked = true;
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

  /** Takes up an answer to no line: others run short, and the edge asks for what is not spent. The next line gives it back. */
  recall(answer: LeaseAnswer, nowMs: number): void {
    // Once nothing is left there is nothing to give back, and whether more is to be had is for a line of ours to ask.
    if (this.isAsked || this.lease.heldBytes(nowMs) === 0) return;
    this.lease.apply({ ...answer, granted: 0, ttl_ms: 0 }, nowMs, nowMs);
    if (this.waiting.size > 0) this.lease.ask();
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
}
