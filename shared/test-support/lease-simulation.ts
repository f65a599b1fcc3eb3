import { BudgetLease, grantBytes, leaseTtlMs, openingAllowanceBytes } from '../src/lease.ts';
import type { LeaseAnswer, LeaseLine } from '../src/usage-batch.ts';

/** What one schedule came to. All in bytes. */
export interface SimulationOutcome {
  readonly credited: number;
  /** Everything that any gateway ever passed on to a kernel. */
  readonly relayed: number;
  /** What crashes took with them before it was posted. */
  readonly lostInCrashes: number;
  /** The most by which relayed, less what crashes lost, ever exceeded credited. */
  readonly worstOverspend: number;
  readonly settled: number;
  readonly balance: number;
  /** Credit no gateway could get once all was quiet for a lease. */
  readonly stranded: number;
  /** Opening allowances of the gateways, and of their restarts: a gateway that lost its memory opens anew. */
  readonly bound: number;
}

interface SealedBatch {
  readonly boot: number;
  readonly seq: number;
  readonly spentBytes: number;
  readonly line: LeaseLine | undefined;
  /** By the gateway's clock; `undefined` until it was first sent. */
  sentAtMs: number | undefined;
}

/** Uniform in [0, 1), the same sequence for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The edge as `settle_batch` behaves: batches claimed once, spending settled, leases granted from what is free. */
class SimulatedEdge {
  balance = 0;
  settled = 0;
  readonly #leases = new Map<number, { boot: number; heldBytes: number }>();
  readonly #replies = new Map<string, LeaseAnswer | undefined>();

  get freeBytes(): number {
    let held = 0;
    for (const lease of this.#leases.values()) held += lease.heldBytes;
    return this.balance - held;
  }

  hasSettled(gateway: number, batch: SealedBatch): boolean {
    return this.#replies.has(claimOf(gateway, batch));
  }

  settle(gateway: number, batch: SealedBatch): LeaseAnswer | undefined {
    const claim = claimOf(gateway, batch);
    if (this.#replies.has(claim)) return this.#replies.get(claim);
    const held = this.#leases.get(gateway);
    const lease = held !== undefined && held.boot >= batch.boot ? held : { boot: batch.boot, heldBytes: 0 };
    this.#leases.set(gateway, lease);
    this.balance -= batch.spentBytes;
    this.settled += batch.spentBytes;
    const current = lease.boot === batch.boot;
    if (current) lease.heldBytes -= Math.min(lease.heldBytes, batch.spentBytes);
    let answer: LeaseAnswer | undefined;
    if (batch.line !== undefined && current) {
      lease.heldBytes -= Math.min(lease.heldBytes, batch.line.returned);
      const granted = grantBytes(this.freeBytes, batch.line.wanted);
      lease.heldBytes += granted;
      answer = { budget: batch.line.budget, granted, ttl_ms: leaseTtlMs, free: this.freeBytes > 0, keep: null };
    }
    this.#replies.set(claim, answer);
    return answer;
  }

  recall(): number | null {
    return this.freeBytes <= 0 ? openingAllowanceBytes : null;
  }
}

function claimOf(gateway: number, batch: SealedBatch): string {
  return `${gateway}/${batch.boot}/${batch.seq}`;
}

/** One gateway with one budget: takes, records, seals, posts in order, crashes, loses replies. */
class SimulatedGateway {
  readonly #edge: SimulatedEdge;
  readonly #index: number;
  readonly #random: () => number;
  readonly #durable: boolean;
  /** How much faster than true time this gateway's clock runs, and how far it is off. */
  readonly #clockRate: number;
  #clockOffsetMs: number;
  #lease = new BudgetLease('acc_sim1');
  #boot = 1;
  #seq = 0;
  #windowBytes = 0;
  #inKernelQueueBytes = 0;
  #outbox: SealedBatch[] = [];
  connected = true;
  relayed = 0;
  lostInCrashes = 0;
  restarts = 0;

  constructor(edge: SimulatedEdge, index: number, random: () => number, durable: boolean) {
    this.#edge = edge;
    this.#index = index;
    this.#random = random;
    this.#durable = durable;
    this.#clockRate = 1 + random() * 0.001;
    this.#clockOffsetMs = random() * 10_000_000;
  }

  #nowMs(trueMs: number): number {
    return trueMs * this.#clockRate + this.#clockOffsetMs;
  }

  /** The feed, however late, says that the balance has risen. */
  refill(): void {
    this.#lease.refill();
  }

  /** The wall clock jumped forward; the lease clock follows jumps forward and ignores those back. */
  stepClock(ms: number): void {
    this.#clockOffsetMs += ms;
  }

  transfer(bytes: number, trueMs: number): void {
    const nowMs = this.#nowMs(trueMs);
    if (this.#lease.standing(1, nowMs) === 'dry') {
      this.#lease.ask();
      return;
    }
    this.#inKernelQueueBytes += this.#lease.take(bytes, nowMs);
  }

  /** The kernel accepts some of what is queued; a reset gives the rest back. */
  flush(trueMs: number): void {
    const accepted =
      this.#random() < 0.8 ? this.#inKernelQueueBytes : Math.floor(this.#inKernelQueueBytes * this.#random());
    this.#lease.record(accepted);
    this.#windowBytes += accepted;
    this.relayed += accepted;
    this.#inKernelQueueBytes -= accepted;
    if (this.#random() < 0.3) {
      this.#lease.untake(this.#inKernelQueueBytes, this.#nowMs(trueMs));
      this.#inKernelQueueBytes = 0;
    }
  }

  seal(trueMs: number, idle: boolean): void {
    const line =
      this.#outbox.length === 0
        ? this.#lease.seal(idle && this.#inKernelQueueBytes === 0, this.#nowMs(trueMs))
        : undefined;
    if (this.#windowBytes === 0 && line === undefined && this.#seq > 0) return;
    this.#seq += 1;
    this.#outbox.push({ boot: this.#boot, seq: this.#seq, spentBytes: this.#windowBytes, line, sentAtMs: undefined });
    this.#windowBytes = 0;
  }

  /** Posts the oldest batch. The reply may be lost, the batch may arrive twice, and late. */
  post(trueMs: number, delayMs: number, replyLost: boolean, duplicated: boolean): void {
    const batch = this.#outbox[0];
    if (batch === undefined || !this.connected) return;
    batch.sentAtMs ??= this.#nowMs(trueMs);
    const answer = this.#edge.settle(this.#index, batch);
    if (duplicated) this.#edge.settle(this.#index, batch);
    if (replyLost) return;
    this.#outbox.shift();
    if (answer === undefined || batch.boot !== this.#boot) return;
    this.#lease.apply({ ...answer, keep: this.#edge.recall() }, batch.sentAtMs, this.#nowMs(trueMs + delayMs));
  }

  crash(): void {
    this.lostInCrashes += this.#windowBytes;
    if (!this.#durable) {
      for (const batch of this.#outbox) {
        if (!this.#edge.hasSettled(this.#index, batch)) this.lostInCrashes += batch.spentBytes;
      }
      this.#outbox = [];
    }
    this.restarts += 1;
    this.#boot += 1;
    this.#seq = 0;
    this.#windowBytes = 0;
    this.#inKernelQueueBytes = 0;
    this.#lease = new BudgetLease('acc_sim1');
  }

  get isQuiet(): boolean {
    return this.#outbox.length === 0 && this.#windowBytes === 0 && this.#inKernelQueueBytes === 0;
  }
}

/**
 * Runs one random schedule of a fleet that spends one budget: rates, partitions, delays, crashes, clock errors, lost and
 * duplicated posts, top-ups. The same seed gives the same schedule.
 */
export function simulateFleet(seed: number, steps = 1500): SimulationOutcome {
  const random = seededRandom(seed);
  const gatewayCount = 1 + Math.floor(random() * 12);
  const edge = new SimulatedEdge();
  const gateways = Array.from(
    { length: gatewayCount },
    (_, index) => new SimulatedGateway(edge, index, random, random() < 0.5),
  );
  const pick = (): SimulatedGateway => {
    const chosen = gateways[Math.floor(random() * gatewayCount)];
    if (chosen === undefined) throw new RangeError('the fleet is empty');
    return chosen;
  };
  const sum = (of: (gateway: SimulatedGateway) => number): number =>
    gateways.reduce((total, gateway) => total + of(gateway), 0);
  const chunkBytes = 10 ** (3 + random() * 3);
  const crashes = random() < 0.5 ? 0.015 : 0;
  const idling = random() * 0.6;
  let credited = 0;
  let trueMs = 0;
  let worstOverspend = 0;
  const credit = (): void => {
    const bytes = Math.floor(10 ** (4 + random() * 3.5));
    credited += bytes;
    edge.balance += bytes;
  };
  credit();

  for (let step = 0; step < steps; step += 1) {
    trueMs += Math.floor(10 ** (random() * 4.7));
    const gateway = pick();
    const event = random();
    if (event < 0.45) gateway.transfer(Math.floor(random() * chunkBytes), trueMs);
    else if (event < 0.65) gateway.flush(trueMs);
    else if (event < 0.77) gateway.seal(trueMs, random() < idling);
    else if (event < 0.92)
      gateway.post(
        trueMs,
        random() < 0.05 ? random() * 2 * leaseTtlMs : random() * 1000,
        random() < 0.15,
        random() < 0.15,
      );
    else if (event < 0.95) gateway.connected = random() < 0.5;
    else if (event < 0.95 + crashes) gateway.crash();
    else if (event < 0.975) gateway.stepClock(random() * 600_000);
    else if (event < 0.98) trueMs += random() * 1.5 * leaseTtlMs;
    else if (event < 0.985) credit();
    else gateway.refill();
    worstOverspend = Math.max(worstOverspend, sum((each) => each.relayed - each.lostInCrashes) - credited);
  }

  const quietRounds = 200;
  for (let round = 0; round < quietRounds && !(round > 5 && gateways.every((gateway) => gateway.isQuiet)); round += 1)
    settleDown(gateways, trueMs);
  trueMs += leaseTtlMs;
  for (let round = 0; round < 5; round += 1) settleDown(gateways, trueMs);
  return {
    credited,
    relayed: sum((each) => each.relayed),
    lostInCrashes: sum((each) => each.lostInCrashes),
    worstOverspend,
    settled: edge.settled,
    balance: edge.balance,
    stranded: edge.balance - edge.freeBytes,
    bound: (gatewayCount + sum((each) => each.restarts)) * openingAllowanceBytes,
  };
}

function settleDown(gateways: readonly SimulatedGateway[], trueMs: number): void {
  for (const gateway of gateways) {
    gateway.connected = true;
    gateway.flush(trueMs);
    gateway.seal(trueMs, true);
    gateway.post(trueMs, 0, false, false);
  }
}
