/** Who has to know that a moment has passed. */
export interface DeadlineOwner {
  onDeadline(): void;
}

/**
 * A moment by which something must have happened, for what moves it with every request: one timer that looks, when it fires,
 * whether the moment has moved on. To set and clear a timer each time costs as much as judging a request. Source: measured.
 */
export class Deadline {
  readonly #owner: DeadlineOwner;
  #atMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #firesAtMs = 0;

  constructor(owner: DeadlineOwner) {
    this.#owner = owner;
  }

  /** Moves it: `nowMs` of `performance.now()`. */
  set(inMs: number, nowMs: number): void {
    this.#atMs = nowMs + inMs;
    if (this.#timer !== undefined && this.#firesAtMs <= this.#atMs) return;
    clearTimeout(this.#timer);
    this.#arm(inMs, nowMs);
  }

  /** Nothing has to happen for now. */
  lift(): void {
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  /** Nothing has to happen any more. */
  end(): void {
    this.lift();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(inMs: number, nowMs: number): void {
    this.#firesAtMs = nowMs + inMs;
    this.#timer = setTimeout(look, inMs, this);
  }

  look(): void {
    this.#timer = undefined;
    if (this.#atMs === Number.POSITIVE_INFINITY) return;
    const nowMs = performance.now();
    const restMs = this.#atMs - nowMs;
    // A timer may fire a little early.
    if (restMs > 0) this.#arm(Math.ceil(restMs), nowMs);
    else this.#owner.onDeadline();
  }
}

function look(deadline: Deadline): void {
  deadline.look();
}
