import type { Exit } from '@marvel/shared/exit';
import { err, ok, type Result } from '@marvel/shared/result';
import { DialAttempt, type DialMeans, type OpenedExit } from './dial-attempt.ts';
import type { DialFault } from './dial-fault.ts';
import type { DialRequest } from './handshake.ts';
import { openHandshake } from './open-handshake.ts';

/** Further exits tried after the first one failed. Source: CONTRACT 3.6. */
const maxFurtherExits = 2;
/** The part of the budget in which an exit has to take the connection, so that one in a black hole leaves time for another. */
const connectShare = 1 / 3;
/** The part of what is left of the budget that an exit may use while others could still be tried. */
const attemptShare = 2 / 3;

/** The way of a dial: which exits, and who hears of each attempt. */
export interface DialPlan<Choice extends { readonly exit: Exit }> {
  readonly first: Choice;
  /** Whether a failure leads to another exit as a rule, so that time has to be kept for it. */
  readonly hasOthers: boolean;
  /** The next exit when one failed; `undefined` ends the dial. */
  readonly next: (failed: ReadonlySet<string>) => Choice | undefined;
  readonly report: (exit: Exit, succeeded: boolean, latencyMs: number) => void;
}

/** What a dial may take, in ms. */
export interface DialTimes {
  /** All attempts together. */
  readonly dialTimeoutMs: number;
}

/** Dials exits one after the other until one opens the way, inside one budget of time. */
export class Dial<Choice extends { readonly exit: Exit }> {
  readonly #plan: DialPlan<Choice>;
  readonly #request: DialRequest;
  readonly #times: DialTimes;
  readonly #means: DialMeans;
  #attempt: DialAttempt | undefined;
  #isAbandoned = false;

  constructor(plan: DialPlan<Choice>, request: DialRequest, times: DialTimes, means: DialMeans) {
    this.#plan = plan;
    this.#request = request;
    this.#times = times;
    this.#means = means;
  }

  /** Errors: the fault of the last exit tried. */
  async run(): Promise<Result<OpenedExit & { readonly choice: Choice }, DialFault>> {
    const plan = this.#plan;
    const deadlineMs = performance.now() + this.#times.dialTimeoutMs;
    const failed = new Set<string>();
    let choice: Choice | undefined = plan.first;
    let fault: DialFault = 'exit';
    for (let tried = 0; choice !== undefined && tried <= maxFurtherExits; tried += 1) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) return err('timeout');
      const isLast = tried === maxFurtherExits || !plan.hasOthers;
      const result: Result<OpenedExit, DialFault> = await this.#try(
        choice.exit,
        isLast ? leftMs : leftMs * attemptShare,
      );
      if (result.ok) {
        plan.report(choice.exit, true, result.value.latencyMs);
        return ok({ ...result.value, choice });
      }
      fault = result.error;
      // Only an exit that failed us is reported, and only then may another do better.
      if (fault !== 'exit' && fault !== 'timeout') return err(fault);
      plan.report(choice.exit, false, 0);
      failed.add(choice.exit.id);
      choice = plan.next(failed);
    }
    return err(fault);
  }

  /** Ends the dial: the client has gone. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#attempt?.abandon();
  }

  async #try(exit: Exit, timeoutMs: number): Promise<Result<OpenedExit, DialFault>> {
    if (this.#isAbandoned) return err('abandoned');
    const handshake = openHandshake(exit.transport, this.#request);
    if (handshake === undefined) return err('exit');
    const times = {
      connectTimeoutMs: Math.min(timeoutMs, this.#times.dialTimeoutMs * connectShare),
      timeoutMs,
    };
    this.#attempt = new DialAttempt(exit.transport, handshake, times, this.#means);
    return this.#attempt.result;
  }
}
