import type { Exit } from '@marvel/shared/exit';
import { err, ok, type Result } from '@marvel/shared/result';
import { type AttemptOwner, DialAttempt, type DialMeans, type OpenedExit } from './dial-attempt.ts';
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
  readonly report: (exit: Exit, succeeded: boolean, latencyMs: number, wasReached: boolean) => void;
  /** The end of it. Errors: the fault of the last exit tried. */
  readonly done: (result: Result<OpenedExit & { readonly choice: Choice }, DialFault>) => void;
}

/** What a dial may take, in ms. */
export interface DialTimes {
  /** All attempts together. */
  readonly dialTimeoutMs: number;
}

/** Dials exits one after the other until one opens the way, inside one budget of time. */
export class Dial<Choice extends { readonly exit: Exit }> implements AttemptOwner {
  readonly #plan: DialPlan<Choice>;
  readonly #request: DialRequest;
  readonly #times: DialTimes;
  readonly #means: DialMeans;
  readonly #deadlineMs: number;
  #choice: Choice;
  #attempt: DialAttempt | undefined;
  /** Exits that failed, once there are any. */
  #failed: Set<string> | undefined;
  #tried = 0;
  #isOver = false;

  constructor(plan: DialPlan<Choice>, request: DialRequest, times: DialTimes, means: DialMeans) {
    this.#plan = plan;
    this.#request = request;
    this.#times = times;
    this.#means = means;
    this.#choice = plan.first;
    this.#deadlineMs = performance.now() + times.dialTimeoutMs;
  }

  /** Begins. The plan's `done` is called once, maybe before this returns. */
  start(): void {
    this.#try();
  }

  /** Ends the dial: the client has gone. */
  abandon(): void {
    if (this.#attempt === undefined) this.#end(err('abandoned'));
    else this.#attempt.abandon();
  }

  opened(exit: OpenedExit): void {
    const choice = this.#choice;
    this.#plan.report(choice.exit, true, exit.latencyMs, true);
    this.#end(ok({ leg: exit.leg, glued: exit.glued, latencyMs: exit.latencyMs, choice }));
  }

  failed(fault: DialFault, wasReached: boolean): void {
    this.#attempt = undefined;
    // Only an exit that failed us is reported, and only then may another do better.
    if (fault !== 'exit' && fault !== 'timeout') {
      this.#end(err(fault));
      return;
    }
    const { exit } = this.#choice;
    this.#plan.report(exit, false, 0, wasReached);
    this.#failed ??= new Set();
    this.#failed.add(exit.id);
    const next = this.#plan.next(this.#failed);
    if (next === undefined || this.#tried > maxFurtherExits) {
      this.#end(err(fault));
      return;
    }
    this.#choice = next;
    this.#try();
  }

  #try(): void {
    const leftMs = this.#deadlineMs - performance.now();
    if (leftMs <= 0) {
      this.#end(err('timeout'));
      return;
    }
    this.#tried += 1;
    const { transport } = this.#choice.exit;
    const handshake = openHandshake(transport, this.#request);
    if (handshake === undefined) {
      this.failed('exit', true);
      return;
    }
    const isLast = this.#tried > maxFurtherExits || !this.#plan.hasOthers;
    const timeoutMs = isLast ? leftMs : leftMs * attemptShare;
    const times = {
      connectTimeoutMs: Math.min(timeoutMs, this.#times.dialTimeoutMs * connectShare),
      timeoutMs,
    };
    this.#attempt = new DialAttempt(transport, handshake, times, this.#means, this);
  }

  #end(result: Result<OpenedExit & { readonly choice: Choice }, DialFault>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#plan.done(result);
  }
}
