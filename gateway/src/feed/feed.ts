import { mkdir } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { backOffMs } from '@marvel/shared/back-off';
import type { VerificationKeys } from '@marvel/shared/signature';
import type { EdgeClient } from '../edge-client.ts';
import type { FleetView } from '../fleet-view.ts';
import type { FeedEvent } from './feed-event.ts';
import { FeedReader, type PageRead, type ReadFailure } from './feed-reader.ts';
import { Fleet } from './fleet.ts';
import { StateKeeper } from './state-keeper.ts';
import { StoredState } from './stored-state.ts';

export interface FeedOptions {
  readonly edge: EdgeClient;
  /** The fleet every page must be for. */
  readonly fleet: string;
  readonly keys: VerificationKeys;
  /** A clock that never runs slow, ms. */
  readonly now: () => number;
  /** Ms since 1970. */
  readonly wallNow?: () => number;
  /** Where the state is kept, and what only this gateway knows, to seal it with; without it the state is in memory only. */
  readonly storage?: { readonly directory: string; readonly secret: string };
  readonly report: (event: FeedEvent) => void;
  readonly pollIntervalMs?: number;
  readonly requestTimeoutMs?: number;
  /** How long the state serves without a valid page. */
  readonly maxStaleMs?: number;
}

/** The feed as this gateway reads it. */
export interface Feed {
  readonly view: FleetView;
  /** Since the newest page believed was issued, ms; infinite before the first. */
  ageMs(): number;
  /** Restores what was kept, then reads on in the background. */
  start(): Promise<void>;
  /** Resolves when `view.isReady`. */
  whenReady(): Promise<void>;
  /** Stops reading and keeps the state. */
  close(): Promise<void>;
}

const defaultPollIntervalMs = 1000;
const defaultRequestTimeoutMs = 15_000;
const defaultMaxStaleMs = 3_600_000;
/**
 * How long a state from disk waits for the edge to say what has changed since: who serves it sooner lets in keys that were
 * revoked, and turns away new ones. Longer, and a gateway that is cut off from the edge would be slow to start.
 */
const askFirstMs = 2000;
/** Kinds named in one event. */
const maxKindsTold = 10;
const backOff = { firstMs: 100, maxMs: 3000 };

/** Makes the feed of one gateway. It polls every second, pages on without a pause while behind, and never waits on the way of a request. */
export function createFeed(options: FeedOptions): Feed {
  const wallNow = options.wallNow ?? Date.now;
  const pollIntervalMs = options.pollIntervalMs ?? defaultPollIntervalMs;
  const maxStaleMs = options.maxStaleMs ?? defaultMaxStaleMs;
  const { report, storage } = options;
  const fleet = new Fleet({ now: options.now, wallNow, maxStaleMs });
  const reader = new FeedReader(fleet, {
    edge: options.edge,
    fleet: options.fleet,
    keys: options.keys,
    wallNow,
    requestTimeoutMs: options.requestTimeoutMs ?? defaultRequestTimeoutMs,
  });
  const closing = new AbortController();
  const ready = Promise.withResolvers<void>();
  let keeper: StateKeeper | undefined;
  let asking: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  /** Ends the waiting of a state from disk. */
  function serveRestored(): void {
    if (asking === undefined) return;
    clearTimeout(asking);
    asking = undefined;
    fleet.ask(false);
    ready.resolve();
  }

  async function restore(from: NonNullable<FeedOptions['storage']>): Promise<StateKeeper> {
    const stored = new StoredState(from.directory, from.secret, options.fleet);
    const made = await mkdir(from.directory, { recursive: true, mode: 0o700 }).then(
      () => undefined,
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown'),
    );
    if (made !== undefined) report({ kind: 'state_not_saved', code: made });
    const loaded = await stored.load();
    if (!loaded.ok) {
      if (loaded.error !== 'absent') report({ kind: 'state_not_loaded', reason: loaded.error });
      return new StateKeeper(stored, undefined, performance.now(), report);
    }
    const { state, position } = loaded.value;
    reader.resume(state, position);
    report({ kind: 'feed_ready', from: 'disk', records: state.size, epoch: position.epoch });
    fleet.ask(true);
    asking = setTimeout(serveRestored, askFirstMs);
    return new StateKeeper(stored, position, performance.now(), report);
  }

  /** Reads one page and tells of it; `undefined` when there was none to believe. */
  async function readPage(): Promise<PageRead | undefined> {
    const read = await reader.readPage(closing.signal);
    if (!read.ok) {
      if (!closing.signal.aborted) reportFailure(read.error);
      // An edge that has said that everything is another has answered: what was kept is known to be old.
      if (read.error.kind !== 'new_epoch') serveRestored();
      return undefined;
    }
    const { adopted, applyMs, caughtUp, records, skipped } = read.value;
    if (skipped.size > 0) reportSkipped(skipped);
    report({ kind: 'feed_page', records, caughtUp, applyMs });
    if (adopted) {
      report({ kind: 'feed_ready', from: 'edge', records: fleet.state.size, epoch: reader.position?.epoch ?? 0 });
      serveRestored();
      ready.resolve();
    }
    return read.value;
  }

  async function run(): Promise<void> {
    let failures = 0;
    for (let turn = 0; !closing.signal.aborted; turn += 1) {
      const startedMs = performance.now();
      const page = await readPage();
      failures = page === undefined ? failures + 1 : 0;
      if (page?.caughtUp === true) serveRestored();
      fleet.state.sweepNodes(turn, wallNow());
      if (page?.caughtUp === true) keep();
      if (page?.caughtUp === false && page.progressed) continue;
      const restMs = pollIntervalMs - (performance.now() - startedMs);
      const pauseMs = page === undefined ? backOffMs(failures, backOff, Math.random) : Math.max(0, restMs);
      await wait(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  function reportSkipped(skipped: ReadonlyMap<string, number>): void {
    const records = [...skipped.values()].reduce((sum, count) => sum + count, 0);
    report({ kind: 'feed_records_skipped', records, kinds: [...skipped.keys()].slice(0, maxKindsTold).join() });
  }

  function keep(): void {
    const { position } = reader;
    if (position !== undefined) keeper?.consider(fleet.state, position, performance.now());
  }

  function reportFailure(failure: ReadFailure): void {
    if (failure.kind === 'unavailable') {
      report({ kind: 'feed_unavailable', reason: failure.reason, status: failure.status });
    } else if (failure.kind === 'refused') {
      report({ kind: 'feed_page_refused', reason: failure.reason });
    } else {
      report({ kind: 'feed_new_epoch' });
    }
  }

  return {
    view: fleet,
    ageMs: () => fleet.ageMs,
    whenReady: () => ready.promise,
    async start() {
      if (storage !== undefined) keeper = await restore(storage);
      running = run();
    },
    async close() {
      closing.abort();
      clearTimeout(asking);
      await running;
      const { position } = reader;
      if (position !== undefined) await keeper?.finish(fleet.state, position);
    },
  };
}
