import { grantBytes, leaseHoldMs, leaseTtlMs, minGrantBytes, minWantedBytes } from '../src/lease.ts';
import type { LeaseAnswer, LeaseLine } from '../src/usage-batch.ts';
import { SimulatedLedger } from './simulated-ledger.ts';

/** A batch as it is sent, however often. */
export interface SimulatedBatch {
  readonly gateway: number;
  readonly boot: number;
  readonly seq: number;
  readonly spentBytes: number;
  readonly line: LeaseLine | undefined;
}

/** What can be wrong with an edge. The simulation has to find each. */
export const edgeFaults = [
  'forgets all but the last batch of each gateway',
  'grants late batches of an old boot',
  'resets leases for late batches of an old boot',
  'resets leases for the first batch of any boot',
  'bills duplicates twice',
  'takes leases back before their end',
  'holds leases for no longer than they last',
  'bills one side only',
] as const;
export type EdgeFault = (typeof edgeFaults)[number];

interface Lease {
  boot: number;
  heldBytes: number;
  expiresAtMs: number;
}

interface Claim {
  readonly answer: LeaseAnswer | undefined;
  readonly atMs: number;
}

interface GatewayRow {
  boot: number | undefined;
  readonly leases: Lease[];
  readonly boots: Map<number, { readonly firstAtMs: number; readonly lastAtMs: number }>;
  readonly claims: Map<string, Claim>;
}

const budget = 'acc_sim1';

/** For how long a repeat gets the first answer. Source: CONTRACT section 4. */
const answersKeptMs = 30 * 24 * 3_600_000;

/** For how long a shortfall makes others give back. Source: `settle_leases` in drizzle. */
const recallMs = 10_000;

/** What `settle_batch` and `settle_leases` of drizzle do, for one budget, statement by statement. */
export class SimulatedEdge {
  readonly ledger = new SimulatedLedger();
  balanceBytes = 0;
  readonly #nowMs: () => number;
  readonly #fault: EdgeFault | undefined;
  readonly #gateways = new Map<number, GatewayRow>();
  #shortfall = { atMs: Number.NEGATIVE_INFINITY, by: -1 };

  constructor(nowMs: () => number, fault?: EdgeFault) {
    this.#nowMs = nowMs;
    this.#fault = fault;
  }

  credit(bytes: number): void {
    this.ledger.write({ account: 'credits', bytes: -bytes }, { account: 'customer', bytes });
    this.balanceBytes += bytes;
  }

  get freeBytes(): number {
    let held = 0;
    for (const gateway of this.#gateways.keys()) held += this.heldBytes(gateway);
    return this.balanceBytes - held;
  }

  /** What is held for a gateway, or for one boot of it. */
  heldBytes(gateway: number, boot?: number): number {
    let held = 0;
    for (const lease of this.#row(gateway).leases) {
      if (lease.expiresAtMs > this.#nowMs() && (boot ?? lease.boot) === lease.boot) held += lease.heldBytes;
    }
    return held;
  }

  /** Every lease there is, ended or not. */
  *leases(): Generator<Readonly<Lease> & { readonly gateway: number }> {
    for (const [gateway, { leases }] of this.#gateways) for (const lease of leases) yield { gateway, ...lease };
  }

  /** `undefined`: the answer has no line for the budget. */
  settle(batch: SimulatedBatch): LeaseAnswer | undefined {
    const nowMs = this.#nowMs();
    const row = this.#row(batch.gateway);
    const name = `${batch.boot}/${batch.seq}`;
    const claim = row.claims.get(name);
    if (claim !== undefined) {
      if (this.#fault === 'bills duplicates twice') this.#bill(batch.spentBytes);
      if (nowMs - claim.atMs < answersKeptMs) return claim.answer;
      return batch.line && { budget, granted: 0, ttl_ms: 0, free: false, keep: null };
    }
    if (row.boot !== batch.boot && this.#takesOver(row, batch)) {
      row.leases.length = 0;
      row.boot = batch.boot;
    }
    const known = row.boots.get(batch.boot);
    row.boots.set(batch.boot, { firstAtMs: known?.firstAtMs ?? nowMs, lastAtMs: nowMs });
    this.#bill(batch.spentBytes);
    const isGranting = row.boot === batch.boot || this.#fault === 'grants late batches of an old boot';
    const answer = isGranting ? this.#settleLease(row, batch, nowMs) : this.#refuse(batch);
    if (this.#fault === 'forgets all but the last batch of each gateway') row.claims.clear();
    row.claims.set(name, { answer, atMs: nowMs });
    return answer;
  }

  #row(gateway: number): GatewayRow {
    const known = this.#gateways.get(gateway);
    if (known !== undefined) return known;
    const row: GatewayRow = { boot: undefined, leases: [], boots: new Map(), claims: new Map() };
    this.#gateways.set(gateway, row);
    return row;
  }

  /**
   * The first batch of a boot may be one that was long on its way, of a process that is gone. A gateway sends a batch once the
   * one before is answered: so a boot of which a batch came after the first of another, and then a further one, lived later.
   */
  #takesOver(row: GatewayRow, { boot, gateway }: SimulatedBatch): boolean {
    const known = row.boots.get(boot);
    if (this.#fault === 'resets leases for late batches of an old boot') return true;
    if (known === undefined) {
      return this.heldBytes(gateway) === 0 || this.#fault === 'resets leases for the first batch of any boot';
    }
    const current = row.boot === undefined ? undefined : row.boots.get(row.boot);
    return known.lastAtMs > (current?.firstAtMs ?? Number.NEGATIVE_INFINITY);
  }

  #bill(bytes: number): void {
    if (bytes === 0) return;
    const usage = { account: 'usage', bytes } as const;
    if (this.#fault === 'bills one side only') this.ledger.write(usage);
    else this.ledger.write(usage, { account: 'customer', bytes: -bytes });
    this.balanceBytes -= bytes;
  }

  #settleLease(row: GatewayRow, batch: SimulatedBatch, nowMs: number): LeaseAnswer | undefined {
    const { gateway, line, spentBytes } = batch;
    const lease = row.leases[0];
    if (lease?.boot === batch.boot) {
      const left = Math.max(0, lease.heldBytes - spentBytes - (line?.returned ?? 0));
      lease.heldBytes = lease.expiresAtMs <= nowMs ? 0 : left;
    }
    const isRecalled = this.#shortfall.atMs > nowMs - recallMs && this.#shortfall.by !== gateway;
    const own = this.heldBytes(gateway);
    const answer =
      line === undefined ? this.#recall(own, spentBytes, isRecalled) : this.#grant(batch, line, isRecalled);
    if (line !== undefined && own + (answer?.granted ?? 0) > 0) {
      const heldBytes = own + (answer?.granted ?? 0);
      row.leases[0] = { boot: batch.boot, heldBytes, expiresAtMs: nowMs + this.#lastsMs() };
    }
    if (row.leases[0]?.boot === batch.boot && row.leases[0].heldBytes === 0) row.leases.length = 0;
    return answer;
  }

  #grant({ gateway, spentBytes }: SimulatedBatch, line: LeaseLine, isRecalled: boolean): LeaseAnswer {
    const own = this.heldBytes(gateway);
    const free = this.freeBytes;
    const granted = grantBytes(free, line.wanted);
    const isShared = this.balanceBytes - free > own;
    if (isShared && granted < Math.min(line.wanted, minWantedBytes)) {
      this.#shortfall = { atMs: this.#nowMs(), by: gateway };
    }
    const isIdle = line.wanted === 0 && spentBytes === 0;
    const keepBytes = isIdle ? 0 : Math.max(minGrantBytes, Math.floor((own + granted) / 2));
    return { budget, granted, ttl_ms: leaseTtlMs, free: free - granted > 0, keep: isRecalled ? keepBytes : null };
  }

  #recall(own: number, spentBytes: number, isRecalled: boolean): LeaseAnswer | undefined {
    const keep = spentBytes === 0 ? 0 : Math.max(minGrantBytes, Math.floor(own / 2));
    if (!isRecalled || own <= keep) return undefined;
    return { budget, granted: 0, ttl_ms: 0, free: this.freeBytes > 0, keep };
  }

  /** Nothing is granted to a boot that is over, or not known to be alive; to the latter, what its predecessor holds is free. */
  #refuse({ gateway, line }: SimulatedBatch): LeaseAnswer | undefined {
    const free = this.freeBytes + this.heldBytes(gateway) > 0;
    return line && { budget, granted: 0, ttl_ms: leaseTtlMs, free, keep: null };
  }

  #lastsMs(): number {
    if (this.#fault === 'takes leases back before their end') return leaseTtlMs / 4;
    if (this.#fault === 'holds leases for no longer than they last') return leaseTtlMs;
    return leaseTtlMs + leaseHoldMs;
  }
}
