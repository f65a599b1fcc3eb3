import type { FeedEvent } from './feed-event.ts';
import type { FleetState } from './fleet-state.ts';
import type { StatePosition, StoredState } from './stored-state.ts';

/** The least time between two saves, ms. */
const saveIntervalMs = 30_000;

/** Saving takes at most one part in this many of the time: a large state is saved more rarely. */
const saveShare = 50;

/** Decides when a state goes to disk: at most every 30 s, one save at a time, beside what is served. */
export class StateKeeper {
  readonly #stored: StoredState;
  readonly #report: (event: FeedEvent) => void;
  #saving: Promise<void> | undefined;
  #saved: StatePosition | undefined;
  #notBeforeMs: number;

  /** `saved`: what is on disk already. `nowMs`: by a monotonic clock, as in all calls. */
  constructor(
    stored: StoredState,
    saved: StatePosition | undefined,
    nowMs: number,
    report: (event: FeedEvent) => void,
  ) {
    this.#stored = stored;
    this.#saved = saved;
    // A first state is worth having at once, a restored one is there already.
    this.#notBeforeMs = saved === undefined ? nowMs : nowMs + saveIntervalMs;
    this.#report = report;
  }

  /** Starts a save when it is time for one. */
  consider(state: FleetState, position: StatePosition, nowMs: number): void {
    if (this.#saving !== undefined || nowMs < this.#notBeforeMs) return;
    this.#saving = this.#saveAside(state, position, nowMs);
  }

  /** Saves a last time. */
  async finish(state: FleetState, position: StatePosition): Promise<void> {
    await this.#saving;
    await this.#save(state, position);
  }

  async #saveAside(state: FleetState, position: StatePosition, nowMs: number): Promise<void> {
    const tookMs = await this.#save(state, position);
    this.#saving = undefined;
    this.#notBeforeMs = nowMs + Math.max(saveIntervalMs, tookMs * saveShare);
  }

  async #save(state: FleetState, position: StatePosition): Promise<number> {
    const same = position.epoch === this.#saved?.epoch && position.cursor === this.#saved.cursor;
    const startedMs = performance.now();
    const saved = await (same ? this.#stored.saveFreshness(position) : this.#stored.save(state, position));
    const saveMs = performance.now() - startedMs;
    if (!saved.ok) {
      this.#report({ kind: 'state_not_saved', code: saved.error });
      return saveMs;
    }
    if (!same) this.#report({ kind: 'state_saved', bytes: saved.value.bytes, saveMs });
    this.#saved = position;
    return saveMs;
  }
}
