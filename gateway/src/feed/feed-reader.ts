import { setImmediate } from 'node:timers/promises';
import {
  type FeedCursor,
  type FeedPage,
  type FeedPageFailure,
  type FeedRecord,
  feedStart,
  type OpenedFeedPage,
  openFeedPage,
} from '@marvel/shared/feed';
import { err, ok, type Result } from '@marvel/shared/result';
import type { VerificationKeys } from '@marvel/shared/signature';
import type { EdgeClient, EdgeFailure, EdgeResponse } from '../edge-client.ts';
import type { Fleet } from './fleet.ts';
import { FleetState, maxStateRecords } from './fleet-state.ts';
import type { StatePosition } from './stored-state.ts';

export interface FeedReaderOptions {
  readonly edge: EdgeClient;
  /** The fleet every page must be for. */
  readonly fleet: string;
  readonly keys: VerificationKeys;
  /** Ms since 1970, to judge when pages were issued and expire. */
  readonly wallNow: () => number;
  readonly requestTimeoutMs: number;
}

/** A page that was believed and applied. */
export interface PageRead {
  readonly records: number;
  /** Records left out, by their kind, since this build does not know it. */
  readonly skipped: ReadonlyMap<string, number>;
  /** The feed had nothing after this page. */
  readonly caughtUp: boolean;
  /** The page moved the cursor on; one that did not, and is not the last either, must not be asked for again at once. */
  readonly progressed: boolean;
  readonly applyMs: number;
  /** This page completed a state, which is served from now on. */
  readonly adopted: boolean;
}

/** Why no page was applied. */
export type ReadFailure =
  | { readonly kind: 'unavailable'; readonly reason: EdgeFailure | 'status'; readonly status: number | undefined }
  | { readonly kind: 'refused'; readonly reason: FeedPageFailure | 'state_full' }
  | { readonly kind: 'new_epoch' };

/** A state on its way along the feed. */
interface Reading {
  readonly state: FleetState;
  epoch: number;
  cursor: FeedCursor;
  readonly minEpoch: number;
}

/** While requests are served a page is small, since verifying one is not interrupted: 2,000 records take about 10 ms. */
const servingPageRecords = 2000;

/** Before that, round trips count more; larger pages still would only leave more memory behind. */
const loadingPageRecords = 4000;

const minPageRecords = 100;

/** How long records are applied before other work gets its turn. */
const sliceMs = 5;
const recordsPerClockReading = 64;

/**
 * Reads the feed page by page: asks for what follows the cursor, believes a page only if `openFeedPage` does, applies it
 * in slices. A first or new state is built apart and served when it is complete. One call at a time.
 */
export class FeedReader {
  readonly #options: FeedReaderOptions;
  readonly #fleet: Fleet;
  #served: Reading | undefined;
  #building: Reading | undefined;
  #issuedAtMs = 0;
  #pageRecords = loadingPageRecords;

  constructor(fleet: Fleet, options: FeedReaderOptions) {
    this.#fleet = fleet;
    this.#options = options;
  }

  /** Where the state that is served stands. */
  get position(): StatePosition | undefined {
    if (this.#served === undefined) return undefined;
    return { epoch: this.#served.epoch, cursor: this.#served.cursor, issuedAtMs: this.#issuedAtMs };
  }

  /** Serves a state that was kept, and reads on from where it stood. */
  resume(state: FleetState, position: StatePosition): void {
    this.#served = { state, epoch: position.epoch, cursor: position.cursor, minEpoch: 0 };
    this.#issuedAtMs = position.issuedAtMs;
    this.#fleet.refresh(this.#options.wallNow() - position.issuedAtMs);
    this.#fleet.adopt(state);
  }

  /** Errors: the state is as it was before. */
  async readPage(signal: AbortSignal): Promise<Result<PageRead, ReadFailure>> {
    const target = this.#target();
    const answer = await this.#request(target.cursor, signal);
    if (!answer.ok) return answer;
    const startedMs = performance.now();
    const page = await this.#open(answer.value, target);
    if (!page.ok) return page;
    await this.#apply(page.value.records, target);
    this.#fleet.elsewhere.hear(page.value.elsewhere);
    const adopted = this.#advance(page.value, target);
    return ok({
      records: page.value.records.length,
      skipped: page.value.skipped,
      caughtUp: page.value.to === page.value.head,
      progressed: page.value.to !== page.value.from,
      applyMs: performance.now() - startedMs,
      adopted,
    });
  }

  #target(): Reading {
    const started = this.#building ?? this.#served;
    if (started !== undefined) return started;
    this.#building = newReading(0);
    return this.#building;
  }

  async #request(cursor: FeedCursor, signal: AbortSignal): Promise<Result<EdgeResponse, ReadFailure>> {
    const limit = Math.min(this.#pageRecords, this.#fleet.isReady ? servingPageRecords : loadingPageRecords);
    const answer = await this.#options.edge.request({
      method: 'GET',
      path: `/v1/gateway/feed?since=${cursor}&limit=${limit}${this.#issuedAfter()}`,
      timeoutMs: this.#options.requestTimeoutMs,
      signal,
    });
    if (!answer.ok) {
      if (answer.error === 'too_large') this.#pageRecords = Math.max(minPageRecords, Math.floor(limit / 2));
      return err({ kind: 'unavailable', reason: answer.error, status: undefined });
    }
    const { status } = answer.value;
    return status === 200 ? ok(answer.value) : err({ kind: 'unavailable', reason: 'status', status });
  }

  /** Pages older than what is believed are a rollback; the edge has them for a moment, for others. */
  #issuedAfter(): string {
    return this.#issuedAtMs === 0 ? '' : `&issued_after=${new Date(this.#issuedAtMs).toISOString()}`;
  }

  async #open(answer: EdgeResponse, target: Reading): Promise<Result<OpenedFeedPage, ReadFailure>> {
    const { fleet, keys, wallNow } = this.#options;
    const position = { fleet, epoch: target.epoch, cursor: target.cursor, issuedAtMs: this.#issuedAtMs };
    const page = await openFeedPage(answer.body, answer.signature, keys, position, wallNow());
    if (!page.ok) {
      if (page.error !== 'page_newer_epoch') return err({ kind: 'refused', reason: page.error });
      this.#building = newReading(target.epoch + 1);
      return err({ kind: 'new_epoch' });
    }
    if (page.value.epoch < target.minEpoch) return err({ kind: 'refused', reason: 'page_older_epoch' });
    if (target.state.size + page.value.records.length > maxStateRecords) {
      return err({ kind: 'refused', reason: 'state_full' });
    }
    return page;
  }

  async #apply(records: readonly FeedRecord[], target: Reading): Promise<void> {
    const isServed = target === this.#served;
    let sliceStartMs = performance.now();
    let untilReading = recordsPerClockReading;
    for (const record of records) {
      if (isServed) this.#fleet.apply(record);
      else target.state.apply(record);
      untilReading -= 1;
      if (untilReading > 0) continue;
      untilReading = recordsPerClockReading;
      if (performance.now() - sliceStartMs < sliceMs) continue;
      await setImmediate();
      sliceStartMs = performance.now();
    }
  }

  /** Gives whether the page completed a state. */
  #advance(page: FeedPage, target: Reading): boolean {
    const issuedAtMs = Date.parse(page.issued_at);
    const isNews = issuedAtMs > this.#issuedAtMs;
    const adopts = target === this.#building && page.to === page.head;
    target.cursor = page.to;
    target.epoch = page.epoch;
    this.#issuedAtMs = issuedAtMs;
    // The same page over and over proves no freshness, whatever the wall clock does meanwhile.
    if (adopts || (isNews && target === this.#served)) this.#fleet.refresh(this.#options.wallNow() - issuedAtMs);
    if (!adopts) return false;
    this.#served = target;
    this.#building = undefined;
    this.#fleet.adopt(target.state);
    return true;
  }
}

function newReading(minEpoch: number): Reading {
  return { state: new FleetState(), epoch: 0, cursor: feedStart, minEpoch };
}
