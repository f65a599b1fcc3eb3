import type {
  AuthorizedSourceRecord,
  DestinationPolicy,
  FeedRecord,
  NodeRecord,
  SubUserRecord,
} from '@marvel/shared/feed';
import type { Exit, Network } from '@marvel/shared/exit';
import type { AccountEntry, FleetChange, FleetView, KeyEntry } from '../fleet-view.ts';
import { FleetState } from './fleet-state.ts';
import { TunnelsElsewhere } from './tunnels-elsewhere.ts';

const refuseAll: DestinationPolicy = Object.freeze({ ports: [], allow: [], own_addresses: [] });

/** The state that is served, which another can replace at once, how fresh it is, and who wants to hear of changes. */
export class Fleet implements FleetView {
  readonly #now: () => number;
  readonly #wallNow: () => number;
  readonly #maxStaleMs: number;
  readonly elsewhere: TunnelsElsewhere;
  readonly #listeners = new Set<(change: FleetChange) => void>();
  #state = new FleetState();
  #version = 0;
  #isReady = false;
  #isAsking = false;
  #freshAtMs = Number.NEGATIVE_INFINITY;

  /** `now`: a clock that never runs slow. `wallNow`: ms since 1970. */
  constructor(clocks: { readonly now: () => number; readonly wallNow: () => number; readonly maxStaleMs: number }) {
    this.#now = clocks.now;
    this.#wallNow = clocks.wallNow;
    this.#maxStaleMs = clocks.maxStaleMs;
    this.elsewhere = new TunnelsElsewhere(clocks.now);
  }

  /** Serves another state from now on. */
  adopt(state: FleetState): void {
    this.#state = state;
    this.#version += 1;
    this.#isReady = true;
    this.#tell({ kind: 'reset' });
  }

  /** Applies a record to the state served. */
  apply(record: FeedRecord): void {
    this.#state.apply(record);
    this.#version += 1;
    if (this.#isReady) this.#tell(record);
  }

  /** Notes that a page issued `ageMs` ago was believed. */
  refresh(ageMs: number): void {
    this.#freshAtMs = Math.max(this.#freshAtMs, this.#now() - Math.max(0, ageMs));
  }

  get version(): number {
    return this.#version;
  }

  get state(): FleetState {
    return this.#state;
  }

  /** Whether the state may be served: not before the edge was asked whether it is the last. */
  get isReady(): boolean {
    return this.#isReady && !this.#isAsking;
  }

  /** Notes that the edge is being asked, or that it has answered or will not. */
  ask(isAsking: boolean): void {
    this.#isAsking = isAsking;
  }

  /** Since the newest page believed was issued, ms; infinite before the first. */
  get ageMs(): number {
    return this.#now() - this.#freshAtMs;
  }

  isStale(): boolean {
    return this.ageMs > this.#maxStaleMs;
  }

  get maintenance(): boolean {
    return this.#state.maintenance;
  }

  get policy(): DestinationPolicy {
    return this.#state.policy ?? refuseAll;
  }

  get fleetSize(): number {
    return this.#state.fleetSize;
  }

  keyByDigest(digest: Uint8Array): KeyEntry | undefined {
    return this.#state.keyByDigest(digest);
  }

  subUserByName(username: string): SubUserRecord | undefined {
    return this.#state.subUserByName(username);
  }

  subUser(id: string): SubUserRecord | undefined {
    return this.#state.subUser(id);
  }

  authorizedSource(address: string): AuthorizedSourceRecord | undefined {
    return this.#state.authorizedSource(address);
  }

  account(id: string): AccountEntry | undefined {
    return this.#state.account(id);
  }

  balanceBytes(budget: string): number | undefined {
    return this.#state.balanceBytes(budget, this.#wallNow());
  }

  exits(network: Network, country: string | undefined): readonly Exit[] {
    return this.#state.exits(network, country);
  }

  exitsAt(address: string): readonly Exit[] {
    return this.#state.exitsAt(address);
  }

  exit(id: string): Exit | undefined {
    return this.#state.exit(id);
  }

  node(account: string, session: string, nowMs: number): NodeRecord | undefined {
    return this.#state.node(account, session, nowMs);
  }

  tunnelsElsewhere(id: string): number {
    return this.elsewhere.of(id);
  }

  onChange(listener: (change: FleetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: FleetChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
