import type { FailureCode } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import type { Admission, ExitChosen } from './admission.ts';
import type { ExitChooser } from './admit/exit-chooser.ts';
import type { Observer } from './observe/observer.ts';
import type { UsageMeter } from './spender.ts';
import { Dial, type DialTimes } from './tunnel/dial.ts';
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

/** A way that is being opened. */
export interface Opening {
  readonly opened: Promise<Result<OpenedWay, FailureCode>>;
  /** The client has gone. */
  abandon(): void;
}

/** Chooses an exit and has it open the way. Errors: when there is none to choose. */
export function openWay(
  { principal, wish, destination }: Admission,
  requestId: string,
  parts: WayParts,
): Result<Opening, FailureCode> {
  const { chooser, meter, observer, standIn, times } = parts;
  const { isTest } = principal;
  const nowMs = Date.now();
  const first = isTest ? ok(standIn.choose(wish, nowMs)) : chooser.choose(principal.account, wish, noExits, nowMs);
  if (!first.ok) return first;
  const dial = new Dial<ExitChosen>(
    {
      first: first.value,
      hasOthers: !isTest && wish.session === undefined,
      next: (failed) => (isTest ? undefined : chooser.chooseAnother(principal.account, wish, failed, Date.now())),
      report: (exit, succeeded, latencyMs) => {
        if (isTest) return;
        meter.recordDial(exit.id, succeeded, latencyMs);
        observer.dialled(succeeded);
      },
    },
    { ...destination, requestId },
    times,
    parts,
  );
  const opened = dial.run().then((result) => (result.ok ? result : err(faultCodes[result.error])));
  return ok({
    opened,
    abandon: () => {
      dial.abandon();
    },
  });
}
