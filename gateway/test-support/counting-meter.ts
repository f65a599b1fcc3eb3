import type { FailureCode } from '@marvel/shared/failures';
import type { PinLine } from '@marvel/shared/usage-batch';
import type { BudgetStanding, Spender, SpenderEvents, Spending, UsageMeter } from '../src/spender.ts';

/** A meter in memory: one purse for everything, and exact books on what each spender did. */
export class CountingMeter implements UsageMeter {
  /** Bytes that may still be taken. */
  purseBytes = Number.POSITIVE_INFINITY;
  standingNow: BudgetStanding = 'spendable';
  /** What `whenKnown` waits for. */
  known: Promise<BudgetStanding> = Promise.resolve('spendable');
  readonly spenders: CountedSpender[] = [];
  readonly refusals: { readonly credential: string; readonly code: FailureCode }[] = [];
  readonly dials: { readonly exit: string; readonly succeeded: boolean }[] = [];
  readonly pins: PinLine[] = [];
  readonly sources: { readonly credential: string; readonly clientIp: string }[] = [];

  standing(): BudgetStanding {
    return this.standingNow;
  }

  whenKnown(): Promise<BudgetStanding> {
    return this.known;
  }

  openSpender(spending: Spending, events: SpenderEvents): Spender {
    const spender = new CountedSpender(this, spending, events);
    this.spenders.push(spender);
    return spender;
  }

  recordRefusal({ credential }: Pick<Spending, 'credential'>, code: FailureCode): void {
    this.refusals.push({ credential, code });
  }

  recordDial(exit: string, succeeded: boolean): void {
    this.dials.push({ exit, succeeded });
  }

  recordPin(pin: PinLine): void {
    this.pins.push(pin);
  }

  recordSource(credential: string, clientIp: string): void {
    this.sources.push({ credential, clientIp });
  }

  /** Puts bytes into the purse and tells all open spenders. */
  grant(bytes: number): void {
    this.purseBytes += bytes;
    for (const spender of this.spenders) if (!spender.hasEnded) spender.events.onMore();
  }
}

export class CountedSpender implements Spender {
  readonly spending: Spending;
  readonly events: SpenderEvents;
  readonly #meter: CountingMeter;
  bytesUp = 0;
  bytesDown = 0;
  takenBytes = 0;
  untakenBytes = 0;
  /** Asked for and not given. */
  refusedBytes = 0;
  ends = 0;
  isCancelled = false;

  constructor(meter: CountingMeter, spending: Spending, events: SpenderEvents) {
    this.#meter = meter;
    this.spending = spending;
    this.events = events;
  }

  get hasEnded(): boolean {
    return this.ends > 0;
  }

  take(bytes: number): number {
    if (this.hasEnded) throw new Error('taken after the end');
    const taken = Math.min(bytes, this.#meter.purseBytes);
    this.#meter.purseBytes -= taken;
    this.takenBytes += taken;
    this.refusedBytes += bytes - taken;
    return taken;
  }

  record(bytesUp: number, bytesDown: number): void {
    if (this.hasEnded) throw new Error('recorded after the end');
    this.bytesUp += bytesUp;
    this.bytesDown += bytesDown;
  }

  untake(bytes: number): void {
    if (this.hasEnded) throw new Error('untaken after the end');
    this.untakenBytes += bytes;
    this.#meter.purseBytes += bytes;
  }

  end(): void {
    this.ends += 1;
  }

  cancel(): void {
    this.ends += 1;
    this.isCancelled = true;
  }

  /** Each request has its own, so that tests can tell them apart. */
  again(): boolean {
    return false;
  }
}
