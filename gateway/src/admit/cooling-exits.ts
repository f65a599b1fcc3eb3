/** For how long an exit is passed over when it could not be reached once; twice as long each time in a row, ms. */
const firstMs = 5000;
const longestMs = 300_000;
/** Exits remembered at once; beyond it the one that failed longest ago is forgotten. */
const maxExits = 10_000;

/**
 * Exits that this gateway could not reach lately, so that not each request has to find that out anew. Only who cannot even
 * be connected to is passed over: what an exit says of a destination is no word on the exit.
 */
export class CoolingExits {
  readonly #exits = new Map<string, { readonly failures: number; readonly untilMs: number }>();

  isCooling(exit: string, nowMs: number): boolean {
    if (this.#exits.size === 0) return false;
    return (this.#exits.get(exit)?.untilMs ?? 0) > nowMs;
  }

  /** An exit could not be reached. */
  note(exit: string, nowMs: number): void {
    const failures = (this.#exits.get(exit)?.failures ?? 0) + 1;
    this.#exits.delete(exit);
    if (this.#exits.size >= maxExits) this.#dropFirst();
    this.#exits.set(exit, { failures, untilMs: nowMs + Math.min(longestMs, firstMs * 2 ** (failures - 1)) });
  }

  /** An exit took a connection, or is another than it was. */
  forget(exit: string): void {
    if (this.#exits.size > 0) this.#exits.delete(exit);
  }

  #dropFirst(): void {
    for (const exit of this.#exits.keys()) {
      this.#exits.delete(exit);
      return;
    }
  }
}
