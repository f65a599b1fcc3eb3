import { openingAllowanceBytes } from '../src/lease.ts';
import type { LeaseAnswer } from '../src/usage-batch.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { type EdgeFault, edgeFaults, type SimulatedBatch, SimulatedEdge } from './simulated-edge.ts';
import { type GatewayFault, gatewayFaults, SimulatedGateway } from './simulated-gateway.ts';
import { Auditor } from './simulated-ledger.ts';

export const simulatedFaults = [...edgeFaults, ...gatewayFaults] as const;
export type SimulatedFault = EdgeFault | GatewayFault;

const isEdgeFault = (fault: SimulatedFault | undefined): fault is EdgeFault =>
  edgeFaults.some((known) => known === fault);

/** The most copies of batches that are somewhere between gateways and edge; beyond it any is lost. */
const maxCopies = 100;
const maxAnswers = 20;

/** How often a gateway is heard of in a long time, ms. */
const nightRoundMs = 25 * 60_000;

/** Gateways, an edge, and a network between them that keeps copies of everything; and the books that check them. */
export class SimulatedFleet {
  readonly edge: SimulatedEdge;
  readonly gateways: readonly SimulatedGateway[];
  credited = 0;
  crashTook = 0;
  takenBack = 0;
  worstOverspend = 0;
  readonly #random: () => number;
  readonly #auditor: Auditor;
  /** Whether each step looks at what gateways believe they hold, which makes them drop what has ended. */
  readonly #isWatched: boolean;
  readonly #copies: SimulatedBatch[] = [];
  readonly #answers: { readonly batch: SimulatedBatch; readonly answer: LeaseAnswer | undefined }[] = [];
  /** Batches that have come to the edge, and what they reported, each counted once. */
  readonly #arrived = new Set<SimulatedBatch>();
  #reported = 0;
  /** Batches that crashes took: of some, a copy may still come. */
  readonly #lost = new Set<SimulatedBatch>();
  #lostBytes = 0;
  /** `gateway/boot` of all that the edge has heard of. */
  readonly #heard = new Set<string>();
  /** Leases that were taken back, and what their gateways had spent of them and not said yet. */
  readonly #ended = new Set<string>();
  readonly #unsaid = new Map<number, number>();
  #restarts = 0;
  #trueMs = 0;

  constructor(random: () => number, fault?: SimulatedFault) {
    this.#random = random;
    this.#isWatched = random() < 0.5;
    const nowMs = () => this.#trueMs;
    this.edge = new SimulatedEdge(nowMs, isEdgeFault(fault) ? fault : undefined);
    this.#auditor = new Auditor(this.edge.ledger);
    this.gateways = Array.from(
      { length: 1 + Math.floor(random() * 12) },
      (_, index) =>
        new SimulatedGateway(index, new SimulatedClock(nowMs, random), random, isEdgeFault(fault) ? undefined : fault),
    );
  }

  get relayed(): number {
    return this.gateways.reduce((sum, { relayedBytes }) => sum + relayedBytes, 0);
  }

  get bound(): number {
    return (this.gateways.length + this.#restarts) * openingAllowanceBytes;
  }

  pick(): SimulatedGateway {
    return any(this.gateways, this.#random);
  }

  credit(bytes: number): void {
    this.credited += bytes;
    this.edge.credit(bytes);
  }

  pass(ms: number): void {
    for (const { clock } of this.gateways) clock.now();
    this.#trueMs += ms;
    this.#noteEnded();
  }

  /** One machine sleeps, and may wake with its wall clock set back by as much. */
  sleep(gateway: SimulatedGateway, ms: number, isSetBack: boolean): void {
    gateway.clock.now();
    this.#trueMs += ms;
    gateway.clock.wake(isSetBack ? ms : 0);
    this.#noteEnded();
  }

  /** A long time, in which who is connected is heard of. */
  night(ms: number): void {
    for (const gateway of this.gateways) if (this.#random() < 0.3) gateway.isConnected = false;
    for (let passedMs = 0; passedMs < ms; passedMs += nightRoundMs) {
      this.pass(nightRoundMs);
      this.exchange(
        this.gateways.filter(({ isConnected }) => isConnected),
        1,
      );
    }
  }

  /** A gateway sends the batch that it has to: now, or again. */
  send(gateway: SimulatedGateway): SimulatedBatch | undefined {
    const batch = gateway.send();
    if (batch !== undefined) keep(this.#copies, batch, maxCopies, this.#random);
    return batch;
  }

  /** A copy comes to the edge: mostly one sent of late, sometimes any, or one that a crash took. It may come again. */
  deliver(): void {
    const which = this.#random();
    const late = which < 0.1 ? this.#copies.filter((copy) => this.#lost.has(copy) && !this.#arrived.has(copy)) : [];
    const copies = which < 0.7 ? this.#copies.slice(-4) : this.#copies;
    if (copies.length === 0) return;
    const batch = any(late.length > 0 ? late : copies, this.#random);
    const answer = this.#arrive(batch);
    if (this.#random() < 0.85) keep(this.#answers, { batch, answer }, maxAnswers, this.#random);
  }

  /** An answer comes to its gateway, out of order, and perhaps again. */
  answer(): void {
    if (this.#answers.length === 0) return;
    const chosen = any(this.#random() < 0.7 ? this.#answers.slice(-3) : this.#answers, this.#random);
    this.gateways[chosen.batch.gateway]?.receive(chosen.batch, chosen.answer);
  }

  /** Every copy that the network still has comes once more. */
  deliverAgain(): void {
    for (const batch of this.#copies) {
      this.#arrive(batch);
      this.audit();
    }
  }

  /** Dies, and often with a batch on its way. */
  crash(gateway: SimulatedGateway): void {
    if (this.#random() < 0.5) this.send(gateway);
    const { batches, windowBytes } = gateway.crash();
    const lost = batches.filter((batch) => !this.#arrived.has(batch));
    const bytes = lost.reduce((sum, { spentBytes }) => sum + spentBytes, windowBytes);
    for (const batch of lost) this.#lost.add(batch);
    this.#lostBytes += bytes;
    this.crashTook += bytes;
    // What is counted as taken by the crash is not counted as unsaid too.
    this.takenBack -= this.#say(gateway.index, bytes);
    this.#restarts += 1;
  }

  /** Who is not gone for good comes back. */
  reconnect(): readonly SimulatedGateway[] {
    const leaves = this.#random() < 0.3 ? 0.5 : 0;
    const heard = this.gateways.filter(() => this.#random() >= leaves);
    for (const gateway of this.gateways) gateway.isConnected = heard.includes(gateway);
    return heard;
  }

  /** Gateways flush, seal and post in good order: until all have said everything, `rounds` times at most. */
  exchange(gateways: readonly SimulatedGateway[], rounds: number, isIdle = true): void {
    for (let round = 0; round < rounds; round += 1) {
      for (const gateway of gateways) {
        gateway.flush();
        gateway.seal(isIdle, true);
        for (let batch = this.send(gateway); batch !== undefined; batch = this.send(gateway)) {
          gateway.receive(batch, this.#arrive(batch));
          this.audit();
        }
      }
      if (round > 5 && gateways.every(isQuiet)) return;
    }
  }

  /** Throws when something that was promised is not so. */
  audit(): void {
    const { credits, customer, usage } = this.#auditor.sums();
    same('the entries of all accounts', credits + customer + usage, 0);
    same('what was credited, in the ledger', -credits, this.credited);
    same('the balance', this.edge.balanceBytes, customer);
    same('what was billed', usage, this.#reported);
    const unsaid = this.gateways.reduce((sum, gateway) => sum + this.#unreported(gateway), 0);
    same('what was relayed', this.relayed, this.#reported + unsaid + this.#lostBytes);

    const overspend = this.relayed - this.crashTook - this.takenBack - this.credited;
    this.worstOverspend = Math.max(this.worstOverspend, overspend);
    if (overspend > this.bound) throw new RangeError(`${overspend} bytes beyond what was credited, of ${this.bound}`);
    if (this.#isWatched) for (const gateway of this.gateways) this.#watch(gateway);
  }

  /** No gateway believes that it may spend what the edge does not hold for it. */
  #watch(gateway: SimulatedGateway): void {
    const believed = gateway.heldBytes();
    const held = this.edge.heldBytes(gateway.index, gateway.boot);
    if (believed > held) throw new RangeError(`gateway ${gateway.index} believes in ${believed} bytes of ${held}`);
  }

  #arrive(batch: SimulatedBatch): LeaseAnswer | undefined {
    if (!this.#arrived.has(batch)) {
      this.#arrived.add(batch);
      this.#reported += batch.spentBytes;
      this.#say(batch.gateway, batch.spentBytes);
      if (this.#lost.has(batch)) {
        this.#lostBytes -= batch.spentBytes;
        // As long as the edge holds what the dead boot had, a copy that still comes loses nothing.
        const boot = this.gateways[batch.gateway]?.boot;
        if (!this.#heard.has(`${batch.gateway}/${boot}`)) this.crashTook -= batch.spentBytes;
      }
    }
    this.#heard.add(`${batch.gateway}/${batch.boot}`);
    return this.edge.settle(batch);
  }

  /** Passed on by a gateway, and unknown to the edge. */
  #unreported(gateway: SimulatedGateway, boot?: number): number {
    let bytes = boot === undefined || boot === gateway.boot ? gateway.windowBytes : 0;
    for (const batch of gateway.outbox) {
      if (!this.#arrived.has(batch) && (boot === undefined || boot === batch.boot)) bytes += batch.spentBytes;
    }
    return bytes;
  }

  /**
   * What a silent gateway had spent when its lease was taken back is spent by others too, and is the price of taking it
   * back; what it spends of it from then on is not.
   */
  #noteEnded(): void {
    for (const { gateway: index, boot, heldBytes, expiresAtMs } of this.edge.leases()) {
      const name = `${index}/${boot}/${expiresAtMs}`;
      const gateway = this.gateways[index];
      if (expiresAtMs > this.#trueMs || gateway === undefined || this.#ended.has(name)) continue;
      this.#ended.add(name);
      const queued = boot === gateway.boot ? gateway.inKernelQueueBytes : 0;
      const bytes = Math.min(heldBytes, this.#unreported(gateway, boot) + queued);
      this.takenBack += bytes;
      this.#unsaid.set(index, (this.#unsaid.get(index) ?? 0) + bytes);
    }
  }

  /** Of what was unsaid of leases that were taken back, this much is said now, or lost. */
  #say(gateway: number, bytes: number): number {
    const unsaid = this.#unsaid.get(gateway) ?? 0;
    const said = Math.min(unsaid, bytes);
    this.#unsaid.set(gateway, unsaid - said);
    return said;
  }
}

function isQuiet({ outbox, windowBytes, inKernelQueueBytes }: SimulatedGateway): boolean {
  return outbox.length === 0 && windowBytes === 0 && inKernelQueueBytes === 0;
}

function same(what: string, found: number, expected: number): void {
  if (found !== expected) throw new RangeError(`${what}: ${found}, not ${expected}`);
}

function any<T>(items: readonly T[], random: () => number): T {
  const chosen = items[Math.floor(random() * items.length)];
  if (chosen === undefined) throw new TypeError('nothing to choose from');
  return chosen;
}

/** Adds to the end; where there is no room, any other goes. */
function keep<T>(items: T[], item: T, limit: number, random: () => number): void {
  if (items.length >= limit) items.splice(Math.floor(random() * items.length), 1);
  items.push(item);
}
