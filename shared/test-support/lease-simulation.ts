import { idleReturnMs, leaseHoldMs, leaseTtlMs, openingAllowanceBytes } from '../src/lease.ts';
import { seededRandom } from './seeded-random.ts';
import { SimulatedFleet, type SimulatedFault } from './simulated-fleet.ts';

/** What one schedule came to. All in bytes. */
export interface SimulationOutcome {
  /** The first promise that was broken, with figures; `undefined` when all were kept. */
  readonly problem: string | undefined;
  readonly credited: number;
  /** Everything that any gateway ever passed on to a kernel. */
  readonly relayed: number;
  /** What crashes took with them before it was posted. */
  readonly crashTook: number;
  /** What silent gateways had spent of leases that were taken back a day after their end. */
  readonly takenBack: number;
  readonly worstOverspend: number;
  /** Opening allowances of the gateways, and of their restarts: a gateway that lost its memory opens anew. */
  readonly bound: number;
}

export interface SimulationOptions {
  readonly fault?: SimulatedFault | undefined;
  readonly steps?: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * Runs one random schedule of a fleet that spends one budget: rates, partitions, silences of more than a day, delays,
 * crashes, clocks that are wrong, top-ups; batches that are lost, come again, and come in any order, those of boots that
 * are over included. After each step everything promised is looked at. The same seed gives the same schedule.
 */
export function simulateFleet(seed: number, { fault, steps = 1500 }: SimulationOptions = {}): SimulationOutcome {
  const random = seededRandom(seed);
  const fleet = new SimulatedFleet(random, fault);
  let problem: string | undefined;
  try {
    runSchedule(fleet, random, steps);
    settleDown(fleet);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    problem = thrown.message;
  }
  const { credited, relayed, crashTook, takenBack, worstOverspend, bound } = fleet;
  return { problem, credited, relayed, crashTook, takenBack, worstOverspend, bound };
}

function runSchedule(fleet: SimulatedFleet, random: () => number, steps: number): void {
  const chunkBytes = 10 ** (3 + random() * 3);
  const crashes = random() < 0.5 ? 0.03 * random() : 0;
  const idling = random() * 0.6;
  const nights = random() < 0.5 ? 0.001 : 0;
  const credit = () => fleet.credit(Math.floor(10 ** (4 + random() * 3.5)));
  /** What may happen, each with how often it does, of 1. */
  const events: readonly (readonly [share: number, event: () => void])[] = [
    [0.36, () => fleet.pick().transfer(Math.floor(random() * chunkBytes))],
    [0.16, () => fleet.pick().flush()],
    [0.12, () => fleet.pick().seal(random() < idling, random() < 0.1)],
    [0.13, () => fleet.send(fleet.pick())],
    [0.1, () => fleet.deliver()],
    [0.06, () => fleet.exchange([fleet.pick()], 1, random() < idling)],
    [0.08, () => fleet.answer()],
    [0.02, () => (fleet.pick().isConnected = random() < 0.5)],
    [crashes, () => fleet.crash(fleet.pick())],
    [0.01, () => fleet.pick().clock.step((random() - 0.5) * 20 * minuteMs)],
    [0.006, () => fleet.sleep(fleet.pick(), random() * 1.2 * leaseTtlMs, random() < 0.5)],
    [0.005, () => fleet.pass(random() * 1.5 * leaseTtlMs)],
    [nights, () => fleet.night(leaseHoldMs + random() * 4 * leaseTtlMs)],
    [nights / 10, () => fleet.pass(31 * dayMs)],
    [0.005, credit],
    [0.01, () => fleet.pick().refill()],
  ];
  const total = events.reduce((sum, [share]) => sum + share, 0);

  credit();
  for (let step = 0; step < steps; step += 1) {
    fleet.pass(Math.floor(10 ** (random() * 4.7)));
    let left = random() * total;
    const chosen = events.find(([share]) => (left -= share) < 0);
    chosen?.[1]();
    fleet.audit();
  }
}

/** Everybody but those who are gone for good comes back and says all; then nothing may be held, or hold anybody up. */
function settleDown(fleet: SimulatedFleet): void {
  const heard = fleet.reconnect();
  fleet.exchange(heard, 400);
  fleet.pass(leaseTtlMs);
  fleet.exchange(heard, 5);
  const stranded = heard.reduce((sum, { index }) => sum + fleet.edge.heldBytes(index), 0);
  if (stranded !== 0) throw new RangeError(`a lease after all was quiet, ${stranded} bytes are stranded`);

  fleet.deliverAgain();
  fleet.exchange(heard, 5);
  fleet.pass(leaseTtlMs + leaseHoldMs);
  const held = fleet.edge.balanceBytes - fleet.edge.freeBytes;
  if (held !== 0) throw new RangeError(`a day after all was quiet, ${held} bytes are held for who is gone`);

  fleet.credit(100 * openingAllowanceBytes - Math.min(0, fleet.edge.balanceBytes));
  for (const gateway of heard) {
    gateway.refill();
    for (let round = 0; round < 3; round += 1) {
      gateway.transfer(1);
      fleet.exchange([gateway], 1);
    }
    if (gateway.heldBytes() === 0) throw new RangeError(`gateway ${gateway.index} is granted nothing of what is free`);
    fleet.pass(2 * idleReturnMs);
    fleet.exchange([gateway], 2);
  }
}
