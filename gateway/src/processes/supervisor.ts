import { setTimeout as wait } from 'node:timers/promises';
import { type BackOff, backOffMs } from '@marvel/shared/back-off';
import type { Child, StopWord } from './child.ts';
import type { ProcessPlan } from './plan-processes.ts';

/** The times of a supervisor, ms. */
export interface SupervisorTimes {
  /** Between the end of a process and its next start. */
  readonly restart: BackOff;
  /** How long a process may take until it serves, before that is said, and said again. */
  readonly notReadyMs: number;
  /** A process that has served for so long is not one that fails at once. */
  readonly stableMs: number;
  /** How long a process may take to end in order. */
  readonly stopMs: number;
}

export interface SupervisorParts {
  readonly start: (plan: ProcessPlan) => Child;
  readonly note: (level: 'info' | 'warn' | 'error', event: string, details: object) => void;
  readonly times: SupervisorTimes;
}

/** What one process is doing. */
export interface ProcessState {
  readonly number: number;
  readonly gateway: string;
  /** Where it tells of itself; `undefined` while it does not serve. */
  readonly admin: string | undefined;
  /** How often it was started again. */
  readonly restarts: number;
}

/** A place for a process, which is filled again when it falls empty. */
interface Seat {
  readonly plan: ProcessPlan;
  child: Child | undefined;
  admin: string | undefined;
  restarts: number;
}

/** Keeps processes running, each by itself: whatever becomes of one, the others are not touched. */
export class Supervisor {
  readonly #seats: readonly Seat[];
  readonly #parts: SupervisorParts;
  readonly #stopping = new AbortController();
  readonly #allReady = Promise.withResolvers<boolean>();
  readonly #kept: Promise<unknown>;
  #hasServed = false;
  #isInOrder = true;

  constructor(plans: readonly ProcessPlan[], parts: SupervisorParts) {
    this.#parts = parts;
    this.#seats = plans.map((plan) => ({ plan, child: undefined, admin: undefined, restarts: 0 }));
    this.#kept = Promise.all(this.#seats.map(async (seat) => this.#keep(seat)));
  }

  get states(): readonly ProcessState[] {
    return this.#seats.map(({ plan, admin, restarts }) => ({ ...plan, admin, restarts }));
  }

  /** Resolves once all processes serve: true; or when it is certain that they will not: false. */
  get ready(): Promise<boolean> {
    return this.#allReady.promise;
  }

  /** Resolves when every process has ended, which is after `stop`, or when none could be started. Gives whether all ended in order. */
  async ended(): Promise<boolean> {
    await this.#kept;
    return this.#isInOrder;
  }

  /** Ends all: `drain` lets tunnels end, `cut` does not. */
  stop(word: StopWord): void {
    this.#stopping.abort();
    this.#allReady.resolve(false);
    for (const { child } of this.#seats) child?.tell(word);
  }

  /** Runs one process, again and again, until all are to stop. */
  async #keep(seat: Seat): Promise<void> {
    const { note, times } = this.#parts;
    const { number: process, gateway } = seat.plan;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const servedMs = await this.#run(seat);
      if (this.#stopping.signal.aborted) return;
      if (!this.#hasServed) {
        // Nothing ever worked: that is to be mended by a person, who should not have to look for it in a log.
        note('error', 'processes_cannot_start', { process, gateway });
        this.#isInOrder = false;
        this.stop('cut');
        return;
      }
      failures = servedMs >= times.stableMs ? 1 : failures + 1;
      const waitMs = Math.round(backOffMs(failures, times.restart, Math.random));
      note('warn', 'process_restarts', { process, gateway, failures, wait_ms: waitMs });
      await wait(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      seat.restarts += 1;
    }
  }

  /** Runs one process to its end; gives how long it served. */
  async #run(seat: Seat): Promise<number> {
    const { start, note, times } = this.#parts;
    const { number: process, gateway } = seat.plan;
    const child = start(seat.plan);
    seat.child = child;
    const about = { process, gateway, pid: child.pid };
    const startedAtMs = performance.now();
    let readyAtMs: number | undefined;
    const late = setInterval(() => {
      note('warn', 'process_not_ready', { ...about, after_ms: Math.round(performance.now() - startedAtMs) });
    }, times.notReadyMs);
    const serve = async (): Promise<void> => {
      const admin = await child.ready;
      clearInterval(late);
      readyAtMs = performance.now();
      seat.admin = admin;
      this.#hasServed = true;
      note('info', 'process_ready', { ...about, after_ms: Math.round(readyAtMs - startedAtMs) });
      if (this.#seats.every((other) => other.admin !== undefined)) this.#allReady.resolve(true);
    };
    const killer = this.#killWhenLate(child);
    const [end] = await Promise.all([child.exited, Promise.race([serve(), child.exited])]);
    clearInterval(late);
    killer.abort();
    seat.child = undefined;
    seat.admin = undefined;
    const isInOrder = this.#stopping.signal.aborted && end.code === 0;
    if (!isInOrder) note('error', 'process_ended', { ...about, ...end });
    this.#isInOrder &&= isInOrder || !this.#stopping.signal.aborted;
    return readyAtMs === undefined ? 0 : performance.now() - readyAtMs;
  }

  /** Sees to it that a process which was asked to stop does so. */
  #killWhenLate(child: Child): AbortController {
    const over = new AbortController();
    const { stopMs } = this.#parts.times;
    const onStop = (): void => {
      const timer = setTimeout(() => {
        child.kill();
      }, stopMs);
      over.signal.addEventListener('abort', () => {
        clearTimeout(timer);
      });
    };
    this.#stopping.signal.addEventListener('abort', onStop, { once: true, signal: over.signal });
    return over;
  }
}
