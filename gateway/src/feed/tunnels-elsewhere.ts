import type { ElsewhereLine } from '@marvel/shared/feed';

/** For how long what was heard counts, ms: of a fleet that nobody tells of any more, nothing is known to be open. */
const forgetMs = 15_000;

/** What the other gateways have open, as the feed last told it, so that a limit of threads holds over all of them. */
export class TunnelsElsewhere {
  readonly #now: () => number;
  #counts = new Map<string, number>();
  #heardAtMs = Number.NEGATIVE_INFINITY;

  /** `now`: a clock that never runs slow, ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes the place of what was heard before. */
  hear(lines: readonly ElsewhereLine[]): void {
    const counts = new Map<string, number>();
    for (const { credential, account, tunnels } of lines) {
      counts.set(credential, (counts.get(credential) ?? 0) + tunnels);
      counts.set(account, (counts.get(account) ?? 0) + tunnels);
    }
    this.#counts = counts;
    this.#heardAtMs = this.#now();
  }

  /** `id`: of a credential or an account. */
  of(id: string): number {
    const count = this.#counts.get(id) ?? 0;
    return count > 0 && this.#now() - this.#heardAtMs <= forgetMs ? count : 0;
  }
}
