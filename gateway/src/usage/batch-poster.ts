import { type LeaseAnswer, type LeaseLine, maxBatchRecords } from '@marvel/shared/usage-batch';
import type { Budgets } from './budgets.ts';
import type { BatchSender, SendOutcome } from './batch-sender.ts';
import type { Outbox } from './outbox.ts';
import type { BatchSealer, SealedBatch } from './sealed-batch.ts';
import type { UsageEvent } from './usage-event.ts';
import type { UsageWindow } from './usage-window.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface BatchPosterParts {
  readonly window: UsageWindow;
  readonly budgets: Budgets;
  readonly waiting: WaitingRoom;
  readonly sealer: BatchSealer;
  readonly outbox: Outbox;
  readonly sender: BatchSender;
  /** A clock that never runs slow, ms. */
  readonly now: () => number;
  /** Ms since 1970. */
  readonly wallNow: () => number;
  readonly report: (event: UsageEvent) => void;
  readonly heartbeatMs: number;
}

/** How long an urgent post waits for others to join it. */
const urgentDelayMs = 3;

/** What a lease line is taken to have been answered when its batch never will be: nothing granted, nothing known to be free. */
function noAnswer(budget: string): LeaseAnswer {
  return { budget, granted: 0, ttl_ms: 0, free: false, keep: null };
}

/**
 * Seals what was counted into batches and posts them, one at a time and in order. Sealing goes on while earlier batches
 * are unanswered, but leases are spoken of only in a batch before which everything was answered.
 */
export class BatchPoster {
  readonly #parts: BatchPosterParts;
  readonly #aborting = new AbortController();
  #openedAtMs: number;
  #sealedAtMs = Number.NEGATIVE_INFINITY;
  /** The batch whose lease lines are not answered yet, and the lines. */
  #asked: { readonly seq: number; readonly lines: readonly LeaseLine[] } | undefined;
  #sealing: Promise<void> | undefined;
  #sending: Promise<void> | undefined;
  #urgent: NodeJS.Timeout | undefined;
  #isFullReported = false;
  #isFinishing = false;

  constructor(parts: BatchPosterParts) {
    this.#parts = parts;
    this.#openedAtMs = parts.wallNow();
  }

  /** Posts what an earlier boot left. */
  start(): void {
    this.#send();
  }

  /** The regular occasion: posts what there is to say, or that the gateway lives. */
  tick(): void {
    const isSilent = this.#parts.now() - this.#sealedAtMs >= this.#parts.heartbeatMs;
    this.#seal(isSilent && this.#mayAsk ? 'heartbeat' : 'regular');
  }

  /** Posts within milliseconds, if the edge has answered everything so far; otherwise as soon as it has. */
  hurry(): void {
    if (this.#urgent !== undefined || !this.#mayAsk || this.#isFinishing) return;
    this.#urgent = setTimeout(() => {
      this.#urgent = undefined;
      this.#seal('regular');
    }, urgentDelayMs);
  }

  /**
   * Seals everything, gives every lease back, and posts until all is answered or `signal` says that time is up; what is
   * sealed then stays in the outbox.
   */
  async finish(signal: AbortSignal): Promise<void> {
    this.#isFinishing = true;
    clearTimeout(this.#urgent);
    this.#parts.sender.wake();
    const abort = () => this.#aborting.abort();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    await this.#idle();
    // Each round says at least one lease line or the last; an edge that answers ends this after budgets / 1,000 rounds.
    for (let isDone = false; !isDone && !signal.aborted; await this.#idle()) {
      const lines = this.#mayAsk ? this.#parts.budgets.sealForGood(maxBatchRecords) : [];
      isDone = lines.length === 0 && this.#parts.window.isEmpty;
      if (!isDone) await this.#sealBatch(lines);
    }
    while (!this.#parts.window.isEmpty && !this.#parts.outbox.isFull) await this.#sealBatch([]);
    signal.removeEventListener('abort', abort);
    abort();
    await this.#sending;
  }

  get #mayAsk(): boolean {
    return this.#sealing === undefined && this.#parts.outbox.size === 0;
  }

  #seal(occasion: 'regular' | 'heartbeat'): void {
    if (this.#sealing !== undefined || this.#isFinishing || this.#isFull()) return;
    const { budgets, window, now } = this.#parts;
    // Drawing comes first: a line speaks of what its batch reports.
    const lines = window.draw();
    const leases = this.#mayAsk ? budgets.seal(maxBatchRecords, now()) : [];
    const isEmpty =
      lines.records.length + lines.pins.length + lines.exits.length + leases.length + (lines.sources?.length ?? 0) ===
      0;
    if (isEmpty && occasion === 'regular') return;
    this.#sealing = this.#store(lines, leases).then(() => this.#sealed());
  }

  #sealed(): void {
    this.#sealing = undefined;
    this.#send();
    if (this.#parts.window.hasFullBatch) this.#seal('regular');
  }

  async #sealBatch(leases: readonly LeaseLine[]): Promise<void> {
    await this.#store(this.#parts.window.draw(), leases);
    this.#send();
  }

  async #store(lines: ReturnType<UsageWindow['draw']>, leases: readonly LeaseLine[]): Promise<void> {
    const { now, outbox, sealer, wallNow } = this.#parts;
    const closedAtMs = Math.max(this.#openedAtMs, wallNow());
    const openedAtMs = this.#openedAtMs;
    this.#openedAtMs = closedAtMs;
    this.#sealedAtMs = now();
    const batch = await sealer.seal(lines, leases, openedAtMs, closedAtMs);
    if (leases.length > 0) this.#asked = { seq: batch.seq, lines: leases };
    await outbox.add(batch);
  }

  #send(): void {
    this.#sending ??= this.#sendAll().then(() => this.#sent());
  }

  #sent(): void {
    this.#sending = undefined;
    if (this.#aborting.signal.aborted) return;
    if (this.#parts.outbox.size > 0) this.#send();
    else if (this.#parts.budgets.hasUrgent) this.hurry();
  }

  async #sendAll(): Promise<void> {
    const { outbox, sender } = this.#parts;
    for (let batch = await outbox.head(); batch !== undefined; batch = await outbox.head()) {
      const outcome = await sender.send(batch, this.#aborting.signal);
      if (outcome.kind === 'aborted') return;
      this.#settle(batch, outcome);
      await (outcome.kind === 'answered' ? outbox.acknowledge() : outbox.park());
      this.#isFullReported = false;
    }
  }

  #settle(batch: SealedBatch, outcome: Exclude<SendOutcome, { kind: 'aborted' }>): void {
    const { now, report, sealer } = this.#parts;
    if (outcome.kind === 'refused') {
      report({ kind: 'usage_parked', boot: batch.boot, seq: batch.seq, status: outcome.status });
    } else {
      const leases = outcome.reply.leases.length;
      const postMs = now() - outcome.sentAtMs;
      report({ kind: 'usage_posted', seq: batch.seq, bytes: batch.body.length, leases, postMs });
    }
    if (batch.boot !== sealer.boot) return;
    const lines = this.#asked?.seq === batch.seq ? this.#asked.lines : [];
    if (lines.length > 0) this.#asked = undefined;
    this.#answer(lines, outcome.kind === 'answered' ? outcome.reply.leases : undefined, outcome.sentAtMs);
  }

  /** `answers`: `undefined` when there will be none. */
  #answer(lines: readonly LeaseLine[], answers: readonly LeaseAnswer[] | undefined, sentAtMs: number): void {
    const { budgets, now, report, waiting } = this.#parts;
    const unasked = new Map((answers ?? []).map((answer) => [answer.budget, answer]));
    const nowMs = now();
    const asked = lines.flatMap((line) => budgets.find(line.budget) ?? []);
    let unanswered = 0;
    for (const budget of asked) {
      const answer = unasked.get(budget.id);
      if (answer === undefined) unanswered += 1;
      unasked.delete(budget.id);
      budget.apply(answer ?? noAnswer(budget.id), sentAtMs, nowMs);
      budgets.touch(budget);
    }
    if (answers !== undefined && unanswered > 0) report({ kind: 'leases_unanswered', lines: unanswered });
    for (const answer of unasked.values()) {
      const budget = budgets.find(answer.budget);
      budget?.recall(answer, nowMs);
      if (budget !== undefined) budgets.touch(budget);
    }
    for (const budget of asked) waiting.answer(budget, nowMs);
  }

  #isFull(): boolean {
    const { outbox, report } = this.#parts;
    if (!outbox.isFull) return false;
    if (!this.#isFullReported) report({ kind: 'outbox_full', batches: outbox.size, bytes: outbox.bytes });
    this.#isFullReported = true;
    return true;
  }

  async #idle(): Promise<void> {
    while ((this.#sealing ?? this.#sending) !== undefined) await (this.#sealing ?? this.#sending);
  }
}
