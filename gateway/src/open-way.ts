import type { Exit } from '@marvel/shared/exit';
import type { FailureCode } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type { Admission, ExitChosen } from './admission.ts';
import type { ExitChooser } from './admit/exit-chooser.ts';
import type { Observer } from './observe/observer.ts';
import type { UsageMeter } from './spender.ts';
import { Dial, type DialPlan, type DialTimes } from './tunnel/dial.ts';
import type { DialMeans, OpenedExit } from './tunnel/dial-attempt.ts';
import type { DialFault } from './tunnel/dial-fault.ts';
import type { StandInExit } from './tunnel/stand-in-exit.ts';

/** What exits are chosen and dialled with, and who hears of it. */
export interface WayParts extends DialMeans {
  readonly chooser: ExitChooser;
  readonly meter: UsageMeter;
  readonly observer: Observer;
  readonly times: DialTimes;
  /** What test keys are led to. */
  readonly standIn: StandInExit;
}

/** A way to a destination, and the exit it leads through. */
export type OpenedWay = OpenedExit & { readonly choice: ExitChosen };

const faultCodes: Readonly<Record<DialFault, FailureCode>> = {
  exit: 'gateway_error',
  timeout: 'gateway_error',
  destination: 'gateway_error',
  forbidden: 'destination_forbidden',
  overloaded: 'overloaded',
  // Nobody is left to read it.
  abandoned: 'gateway_error',
};
const noExits: ReadonlySet<string> = new Set();

/** Who waits for a way; called once, maybe from inside of a read of the exit. */
export interface OpeningOwner {
  onOpened(opened: Result<OpenedWay, FailureCode>): void;
}

/** A way that is being opened: chooses an exit, and others where that fails, and has them dialled. */
export class Opening implements DialPlan<ExitChosen> {
  readonly first: ExitChosen;
  readonly hasOthers: boolean;
  readonly #admission: Admission;
  readonly #parts: WayParts;
  readonly #owner: OpeningOwner;
  readonly #dial: Dial<ExitChosen>;
  /** Why a session whose exit has gone could not move. */
  #lack: FailureCode | undefined;

  private constructor(
    first: ExitChosen,
    admission: Admission,
    requestId: string,
    parts: WayParts,
    owner: OpeningOwner,
  ) {
    const { principal, wish, destination } = admission;
    this.first = first;
    this.hasOthers = !principal.isTest && wish.session === undefined;
    this.#admission = admission;
    this.#parts = parts;
    this.#owner = owner;
    const request = { host: destination.host, port: destination.port, requestId };
    this.#dial = new Dial<ExitChosen>(this, request, parts.times, parts);
  }

  /** Chooses an exit. Errors: when there is none to choose. */
  static of(
    admission: Admission,
    requestId: string,
    parts: WayParts,
    owner: OpeningOwner,
  ): Result<Opening, FailureCode> {
    const { principal, wish } = admission;
    const nowMs = Date.now();
    const first = principal.isTest
      ? ok(parts.standIn.choose(wish, nowMs))
      : parts.chooser.choose(principal.account, wish, noExits, nowMs);
    return first.ok ? ok(new Opening(first.value, admission, requestId, parts, owner)) : first;
  }

  start(): void {
    this.#dial.start();
  }

  /** The client has gone. */
  abandon(): void {
    this.#dial.abandon();
  }

  next(failed: ReadonlySet<string>): ExitChosen | undefined {
    const { principal, wish } = this.#admission;
    if (principal.isTest) return undefined;
    const choice = this.#parts.chooser.chooseAnother(principal.account, wish, failed, Date.now());
    if (choice.ok) return choice.value;
    if (choice.error !== 'exit_failed') this.#lack = choice.error;
    return undefined;
  }

  report(exit: Exit, succeeded: boolean, latencyMs: number, wasReached: boolean): void {
    if (this.#admission.principal.isTest) return;
    this.#parts.chooser.noteDial(exit.id, wasReached, Date.now());
    this.#parts.meter.recordDial(exit.id, succeeded, latencyMs);
    this.#parts.observer.dialled(succeeded);
  }

  done(result: Result<OpenedWay, DialFault>): void {
    this.#owner.onOpened(result.ok ? result : err(this.#lack ?? faultCodes[result.error]));
  }
}
