import type { LeaseAnswer, LeaseLine } from './usage-batch.ts';

/** What a gateway may spend of a funded budget before it holds a lease. Source: CONTRACT 3.9. */
export const openingAllowanceBytes = 65_536;

/** For how long a gateway may spend from a lease, counted from when it sent the batch that asked. Source: CONTRACT 3.9. */
export const leaseTtlMs = 3_600_000;

/**
 * For how long past its end the edge holds a lease for a gateway that is silent: whether it spent it can only be known from
 * itself. Bounds how long a partition may last without an overspend, how wrong a gateway's clock may be within a lease, and
 * how long credit can be stranded by a machine that is lost for good (revoking its gateway frees it at once).
 */
export const leaseHoldMs = 24 * 3_600_000;

/** The least a gateway asks for: a page load is not cut in two. */
export const minWantedBytes = 4 * 1024 * 1024;

/** The most a gateway holds of one budget, however busy. */
export const maxLeaseBytes = 64 * 1024 * 1024 * 1024;

/** For how long a lease should last at the present rate. */
export const leaseHorizonMs = 120_000;

/** The shortest time over which a rate is measured: a burst at the start is not a rate. */
const minRateWindowMs = 1000;

/** Grants never shrink below this while there is as much: below it, halving only adds round trips. */
export const minGrantBytes = 65_536;

/** A budget with no tunnel open and nothing spent for this long has its lease given back. */
export const idleReturnMs = 30_000;

/**
 * How much the edge grants: what is wanted, but at most half of what is free, so that shares shrink geometrically as a
 * budget runs out and a later gateway still finds some; the last 64 KiB go whole.
 *
 * The SQL that settles a batch mirrors this function; a test compares both. All in bytes.
 */
export function grantBytes(freeBytes: number, wantedBytes: number): number {
  if (freeBytes <= 0 || wantedBytes <= 0) return 0;
  return Math.min(wantedBytes, Math.max(Math.floor(freeBytes / 2), Math.min(freeBytes, minGrantBytes)));
}

/** What a gateway may do on a budget: spend, wait for the edge's word, or refuse. */
export type LeaseStanding = 'spendable' | 'unknown' | 'dry';

/**
 * A gateway's side of one budget: how much it may spend now, what to ask for, what to give back.
 *
 * Bytes are first *taken* (read from one side), then *recorded* (accepted by the kernel of the other side, and in the
 * usage window), or given back with `untake`. At most one line per budget is under way: a line is sealed only into a
 * batch before which everything was acknowledged.
 *
 * Invariant with the edge, which applies batches in order and once: after the answer to a line, the edge holds for this
 * gateway exactly the unspent lease here plus what was taken from it and is not yet reported.
 *
 * Has no clock: `nowMs` comes from one that never runs slow. Cost: O(1) each, no allocation in `take` and `record`.
 */
export class BudgetLease {
  readonly budget: string;
  #leaseBytes = 0;
  #leaseEndsAtMs = Number.NEGATIVE_INFINITY;
  /** Taken from leases, those that have ended included, and neither recorded nor given back yet. */
  #leaseUnrecordedBytes = 0;
  #allowanceBytes = openingAllowanceBytes;
  /** Taken from the allowance and not yet known to be settled; a grant is charged with it first. */
  #allowanceTakenBytes = 0;
  /** The part of it recorded since the last line, and the part that the last line's batch and those before it report. */
  #allowanceRecordedBytes = 0;
  #allowanceSealedBytes = 0;
  #returnedBytes = 0;
  #keepBytes = Number.POSITIVE_INFINITY;
  #dry = false;
  #starved = false;
  #underWay = false;
  /** The line under way speaks of all that the edge held before it. */
  #settlesAll = true;
  /** Until then the edge surely holds what it was last heard to hold; after that it may have taken it back. */
  #heldUntilMs = Number.POSITIVE_INFINITY;
  #rateBytes = 0;
  #rateSinceMs: number | undefined;
  #bytesPerMs = 0;
  #lastTakenAtMs = Number.NEGATIVE_INFINITY;

  constructor(budget: string) {
    this.budget = budget;
  }

  /** Unspent bytes of a live lease. */
  heldBytes(nowMs: number): number {
    this.#dropExpired(nowMs);
    return this.#leaseBytes;
  }

  /** Bytes that may be taken now. */
  spendableBytes(nowMs: number): number {
    this.#dropExpired(nowMs);
    if (this.#leaseEndsAtMs > nowMs) return this.#leaseBytes;
    return this.#dry ? 0 : this.#allowanceBytes;
  }

  /** Takes up to `bytes` and gives how many may be spent. Fewer than asked for means: stop reading, and post now. */
  take(bytes: number, nowMs: number): number {
    const taken = Math.min(bytes, this.spendableBytes(nowMs));
    if (this.#leaseEndsAtMs > nowMs) {
      this.#leaseBytes -= taken;
      this.#leaseUnrecordedBytes += taken;
    } else {
      this.#allowanceBytes -= taken;
      this.#allowanceTakenBytes += taken;
    }
    if (taken < bytes) this.#starved = true;
    this.#rateBytes += taken;
    this.#rateSinceMs ??= nowMs;
    this.#lastTakenAtMs = nowMs;
    return taken;
  }

  /**
   * Notes that taken bytes reached the other side's kernel and are in the usage window. Those of a lease come first, as at the
   * edge, which takes whatever is reported from what it holds.
   */
  record(bytes: number): void {
    const ofLeases = Math.min(bytes, this.#leaseUnrecordedBytes);
    this.#leaseUnrecordedBytes -= ofLeases;
    this.#allowanceRecordedBytes += Math.min(bytes - ofLeases, this.#allowanceUnrecordedBytes);
  }

  /** Gives back bytes that were taken but never reached the other side's kernel. */
  untake(bytes: number, nowMs: number): void {
    this.#dropExpired(nowMs);
    this.#rateBytes = Math.max(0, this.#rateBytes - bytes);
    const isLive = this.#leaseEndsAtMs > nowMs;
    const toAllowance = isLive ? 0 : Math.min(bytes, this.#allowanceUnrecordedBytes);
    const toLease = bytes - toAllowance;
    this.#allowanceTakenBytes -= toAllowance;
    this.#allowanceBytes += toAllowance;
    this.#leaseUnrecordedBytes = Math.max(0, this.#leaseUnrecordedBytes - toLease);
    if (isLive) this.#leaseBytes += toLease;
    else this.#returnedBytes += toLease;
  }

  /** Whether this budget should not wait for the next regular post: it is starved, or has opened its allowance. */
  get isUrgent(): boolean {
    if (this.#dry || this.#underWay) return false;
    return this.#starved || (this.#allowanceTakenBytes > 0 && this.#leaseEndsAtMs === Number.NEGATIVE_INFINITY);
  }

  /** Whether the edge said that nothing is free, and nothing is held. */
  get isDry(): boolean {
    return this.#dry;
  }

  /** What may be done on a budget whose balance the feed gives as `feedBalanceBytes`. Errors: `dry` is a 402; `unknown` waits, or is a 503 with the edge away. */
  standing(feedBalanceBytes: number, nowMs: number): LeaseStanding {
    this.#dropExpired(nowMs);
    if (this.#leaseBytes > 0) return 'spendable';
    if (this.#dry || feedBalanceBytes <= 0) return 'dry';
    return this.spendableBytes(nowMs) > 0 ? 'spendable' : 'unknown';
  }

  /** Asks with the next post although nothing is held: a client was turned away as dry, or waits. */
  ask(): void {
    this.#starved = true;
  }

  /** The feed says that the balance has risen: the edge's last word no longer stands. */
  refill(): void {
    if (!this.#dry) return;
    this.#dry = false;
    this.#starved = true;
  }

  /**
   * The line for a batch before which everything was acknowledged; `undefined` when there is nothing to say.
   * `idle`: no tunnel on this budget is open.
   */
  seal(idle: boolean, nowMs: number): LeaseLine | undefined {
    this.#dropExpired(nowMs);
    this.#measureRate(nowMs);
    const unused = idle && nowMs - this.#lastTakenAtMs >= idleReturnMs;
    const recalled = this.#keepBytes < Number.POSITIVE_INFINITY;
    this.#giveBackAbove(unused ? 0 : this.#keepBytes);
    this.#keepBytes = Number.POSITIVE_INFINITY;

    // What others run short of is not asked for again in the same breath.
    const wanted = (unused || recalled) && !this.#starved ? 0 : this.#wantedBytes();
    const renews = this.#leaseBytes > 0 && this.#leaseEndsAtMs - nowMs < (leaseTtlMs * 3) / 4;
    if (this.#returnedBytes === 0 && wanted === 0 && !renews && this.#allowanceTakenBytes === 0) return undefined;
    const line = { budget: this.budget, wanted, returned: this.#returnedBytes };
    this.#returnedBytes = 0;
    this.#allowanceSealedBytes = this.#allowanceRecordedBytes;
    this.#allowanceRecordedBytes = 0;
    this.#underWay = true;
    this.#settlesAll = this.#leaseBytes === 0 && this.#leaseUnrecordedBytes === 0;
    return line;
  }

  /** Applies the answer to the line under way. `sentAtMs`: when its batch was first sent. */
  apply(answer: LeaseAnswer, sentAtMs: number, nowMs: number): void {
    this.#dropExpired(nowMs);
    this.#underWay = false;
    this.#starved = false;
    this.#allowanceTakenBytes -= this.#allowanceSealedBytes;
    this.#allowanceSealedBytes = 0;

    const endsAtMs = sentAtMs + answer.ttl_ms;
    const isDoubtful = !this.#settlesAll && nowMs >= this.#heldUntilMs;
    // Doubt lasts until a line speaks of everything.
    if (answer.ttl_ms > 0 && !isDoubtful) this.#heldUntilMs = endsAtMs + leaseHoldMs / 2;
    if (endsAtMs <= nowMs || isDoubtful) {
      // It came too late for any of it to be spent, or what is still to be said of a lease that may have been taken back
      // would be charged to this one: all is given back, and the next line begins anew.
      this.#returnedBytes += answer.granted;
    } else {
      const charged = Math.min(answer.granted, this.#allowanceTakenBytes);
      const chargedRecorded = Math.min(charged, this.#allowanceRecordedBytes);
      this.#allowanceTakenBytes -= charged;
      this.#allowanceRecordedBytes -= chargedRecorded;
      this.#leaseUnrecordedBytes += charged - chargedRecorded;
      this.#leaseBytes += answer.granted - charged;
      if (this.#leaseBytes > 0) this.#leaseEndsAtMs = Math.max(this.#leaseEndsAtMs, endsAtMs);
    }
    if (answer.free) this.#allowanceBytes = openingAllowanceBytes - this.#allowanceTakenBytes;
    this.#dry = !answer.free && this.#leaseBytes === 0;
    if (answer.keep !== null) this.#keepBytes = answer.keep;
  }

  get #allowanceUnrecordedBytes(): number {
    return this.#allowanceTakenBytes - this.#allowanceSealedBytes - this.#allowanceRecordedBytes;
  }

  #wantedBytes(): number {
    const active = this.#starved || this.#lastTakenAtMs !== Number.NEGATIVE_INFINITY;
    const target = Math.min(maxLeaseBytes, Math.max(minWantedBytes, Math.ceil(this.#bytesPerMs * leaseHorizonMs)));
    const short = this.#starved || this.#leaseBytes < target / 2;
    return active && short ? Math.max(0, target - this.#leaseBytes) : 0;
  }

  #measureRate(nowMs: number): void {
    if (this.#rateSinceMs === undefined) return;
    const elapsedMs = Math.max(minRateWindowMs, nowMs - this.#rateSinceMs);
    // The higher of the newest rate and the fading past one: a burst is not starved by the quiet second before it.
    this.#bytesPerMs = Math.max(this.#rateBytes / elapsedMs, this.#bytesPerMs * 0.9);
    this.#rateBytes = 0;
    this.#rateSinceMs = nowMs;
  }

  #giveBackAbove(keepBytes: number): void {
    const surplus = Math.max(0, this.#leaseBytes - keepBytes);
    if (surplus === 0) return;
    this.#leaseBytes -= surplus;
    this.#returnedBytes += surplus;
    if (this.#leaseBytes === 0) this.#leaseEndsAtMs = Number.NEGATIVE_INFINITY;
  }

  #dropExpired(nowMs: number): void {
    if (this.#leaseEndsAtMs > nowMs) return;
    this.#returnedBytes += this.#leaseBytes;
    this.#leaseBytes = 0;
    this.#leaseEndsAtMs = Number.NEGATIVE_INFINITY;
  }
}
