import { BudgetLease } from '../src/lease.ts';
import type { LeaseAnswer } from '../src/usage-batch.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import type { SimulatedBatch } from './simulated-edge.ts';

/** What can be wrong with a gateway. The simulation has to find each. */
export const gatewayFaults = ['never stops at the end of a lease', 'counts a lease from when the answer came'] as const;
export type GatewayFault = (typeof gatewayFaults)[number];

/** What a crash took, bytes and batches, none of which any boot will send again. */
export interface CrashLoss {
  readonly windowBytes: number;
  readonly batches: readonly SimulatedBatch[];
}

/** One gateway with one budget: takes, records, seals, sends in order and again, crashes. */
export class SimulatedGateway {
  readonly index: number;
  readonly clock: SimulatedClock;
  readonly #random: () => number;
  /** Whether sealed batches survive a crash. */
  readonly #isDurable: boolean;
  readonly #fault: GatewayFault | undefined;
  readonly #startMs: number;
  #lease = new BudgetLease('acc_sim1');
  #seq = 0;
  #windowBytes = 0;
  #inKernelQueueBytes = 0;
  #outbox: SimulatedBatch[] = [];
  /** When the head of the outbox was first sent, by the gateway's clock. */
  #sentAtMs: number | undefined;
  boot = 1;
  isConnected = true;
  relayedBytes = 0;

  constructor(index: number, clock: SimulatedClock, random: () => number, fault?: GatewayFault) {
    this.index = index;
    this.clock = clock;
    this.#random = random;
    this.#isDurable = random() < 0.5;
    this.#fault = fault;
    this.#startMs = clock.now();
  }

  /** Passed on, and in no batch yet. */
  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** Taken, and not passed on yet. */
  get inKernelQueueBytes(): number {
    return this.#inKernelQueueBytes;
  }

  get outbox(): readonly SimulatedBatch[] {
    return this.#outbox;
  }

  /** What it believes it may spend of a lease. */
  heldBytes(): number {
    return this.#lease.heldBytes(this.#nowMs());
  }

  /** The feed, however late, says that the balance has risen. */
  refill(): void {
    this.#lease.refill();
  }

  transfer(bytes: number): void {
    const nowMs = this.#nowMs();
    if (this.#lease.standing(1, nowMs) === 'dry') {
      this.#lease.ask();
      return;
    }
    this.#inKernelQueueBytes += this.#lease.take(bytes, nowMs);
  }

  /** The kernel accepts some of what is queued; a reset gives the rest back. */
  flush(): void {
    const accepted =
      this.#random() < 0.8 ? this.#inKernelQueueBytes : Math.floor(this.#inKernelQueueBytes * this.#random());
    this.#lease.record(accepted);
    this.#windowBytes += accepted;
    this.relayedBytes += accepted;
    this.#inKernelQueueBytes -= accepted;
    if (this.#random() < 0.3) {
      this.#lease.untake(this.#inKernelQueueBytes, this.#nowMs());
      this.#inKernelQueueBytes = 0;
    }
  }

  /** `isHeartbeat`: seals also when there is nothing to say, as a boot does first of all. */
  seal(isIdle: boolean, isHeartbeat: boolean): void {
    const mayAsk = this.#outbox.length === 0;
    const line = mayAsk ? this.#lease.seal(isIdle && this.#inKernelQueueBytes === 0, this.#nowMs()) : undefined;
    if (this.#windowBytes === 0 && line === undefined && this.#seq > 0 && !isHeartbeat) return;
    this.#seq += 1;
    const { boot, index } = this;
    this.#outbox.push({ gateway: index, boot, seq: this.#seq, spentBytes: this.#windowBytes, line });
    this.#windowBytes = 0;
  }

  /** The batch it sends now: the oldest that is not answered. */
  send(): SimulatedBatch | undefined {
    const batch = this.#outbox[0];
    if (batch === undefined || !this.isConnected) return undefined;
    this.#sentAtMs ??= this.#nowMs();
    return batch;
  }

  /** An answer arrives; it is believed when it is to what was sent last. */
  receive(batch: SimulatedBatch, answer: LeaseAnswer | undefined): void {
    if (!this.isConnected || this.#outbox[0] !== batch || this.#sentAtMs === undefined) return;
    const nowMs = this.#nowMs();
    const sentAtMs = this.#fault === 'counts a lease from when the answer came' ? nowMs : this.#sentAtMs;
    this.#outbox.shift();
    this.#sentAtMs = undefined;
    if (batch.boot !== this.boot) return;
    if (batch.line !== undefined) {
      this.#lease.apply(answer ?? noAnswer(batch.line.budget), sentAtMs, nowMs);
      return;
    }
    // To no line of ours: others run short. What is asked already is not asked again.
    const isAsked = this.#outbox.some(({ boot, line }) => boot === this.boot && line !== undefined);
    if (answer === undefined || isAsked || this.#lease.heldBytes(nowMs) === 0) return;
    this.#lease.apply({ ...answer, granted: 0, ttl_ms: 0 }, nowMs, nowMs);
  }

  crash(): CrashLoss {
    const loss = { windowBytes: this.#windowBytes, batches: this.#isDurable ? [] : this.#outbox };
    if (!this.#isDurable) this.#outbox = [];
    this.boot += 1;
    this.#seq = 0;
    this.#sentAtMs = undefined;
    this.#windowBytes = 0;
    this.#inKernelQueueBytes = 0;
    this.#lease = new BudgetLease('acc_sim1');
    return loss;
  }

  #nowMs(): number {
    const nowMs = this.clock.now();
    return this.#fault === 'never stops at the end of a lease' ? this.#startMs : nowMs;
  }
}

function noAnswer(budget: string): LeaseAnswer {
  return { budget, granted: 0, ttl_ms: 0, free: false, keep: null };
}
