import type {
  AuthorizedSourceRecord,
  BudgetRecord,
  DestinationPolicy,
  FeedRecord,
  FleetRecord,
  NodeRecord,
  SubUserRecord,
  TombstoneRecord,
} from '@marvel/shared/feed';
import type { Exit, Network } from '@marvel/shared/exit';
import type { AccountEntry, KeyEntry } from '../fleet-view.ts';
import { AccountTable } from './account-table.ts';
import { ExitTable } from './exit-table.ts';
import { KeyTable } from './key-table.ts';
import { ShardedMap } from './sharded-map.ts';
import { SourceTable } from './source-table.ts';
import { SubUserTable } from './sub-user-table.ts';

/** The most records one state holds: a gigabyte of keys and accounts. A feed with more is refused rather than half believed. */
export const maxStateRecords = 8_000_000;

/**
 * What the records of a feed add up to: the later record of a kind and id replaces the earlier, a tombstone removes it.
 * Only the order of the records counts, never how they were cut into pages.
 */
export class FleetState {
  readonly #accounts = new AccountTable();
  readonly #keys = new KeyTable(this.#accounts);
  readonly #subUsers = new SubUserTable();
  readonly #sources = new SourceTable();
  readonly #budgets = new ShardedMap<BudgetRecord>();
  readonly #exits = new ExitTable();
  readonly #nodes = new ShardedMap<NodeRecord>();
  #fleet: FleetRecord | undefined;

  /** Records held. */
  get size(): number {
    const counted = [
      this.#accounts,
      this.#keys,
      this.#subUsers,
      this.#sources,
      this.#budgets,
      this.#exits,
      this.#nodes,
    ].reduce((sum, table) => sum + table.size, 0);
    return counted + (this.#fleet === undefined ? 0 : 1);
  }

  apply(record: FeedRecord): void {
    switch (record.kind) {
      case 'account':
        return this.#accounts.set(record);
      case 'key':
        return this.#keys.set(record);
      case 'sub_user':
        return this.#subUsers.set(record);
      case 'authorized_source':
        return this.#sources.set(record);
      case 'budget':
        return this.#budgets.set(record.id, record);
      case 'exit':
        return this.#exits.set(record);
      case 'node':
        return this.#nodes.set(record.id, record);
      case 'fleet':
        this.#fleet = record;
        return;
      case 'tombstone':
        return this.#remove(record);
    }
  }

  /** Every record held, in no particular order; may go on while records are applied. Applying them all gives the same state. */
  *records(): Generator<FeedRecord> {
    if (this.#fleet !== undefined) yield this.#fleet;
    yield* this.#accounts.records();
    yield* this.#keys.records();
    yield* this.#subUsers.values();
    yield* this.#sources.records();
    yield* this.#budgets.values();
    yield* this.#exits.records();
    yield* this.#nodes.values();
  }

  /** Forgets nodes that have expired, a part at each call; calls with a rising `turn` go round all. */
  sweepNodes(turn: number, nowMs: number): void {
    this.#nodes.sweep(turn, (node) => Date.parse(node.expires_at) <= nowMs);
  }

  get maintenance(): boolean {
    return this.#fleet?.maintenance ?? false;
  }

  get policy(): DestinationPolicy | undefined {
    return this.#fleet?.policy;
  }

  get fleetSize(): number {
    return this.#fleet?.size ?? 0;
  }

  keyByDigest(digest: Uint8Array): KeyEntry | undefined {
    return this.#keys.byDigest(digest);
  }

  subUserByName(username: string): SubUserRecord | undefined {
    return this.#subUsers.byName(username);
  }

  subUser(id: string): SubUserRecord | undefined {
    return this.#subUsers.get(id);
  }

  authorizedSource(address: string): AuthorizedSourceRecord | undefined {
    return this.#sources.byAddress(address);
  }

  account(id: string): AccountEntry | undefined {
    return this.#accounts.get(id);
  }

  balanceBytes(budget: string, nowMs: number): number | undefined {
    const ofAccount = this.#accounts.balanceBytes(budget);
    if (ofAccount !== undefined) return ofAccount;
    const cap = this.#budgets.get(budget);
    const ended = cap !== undefined && cap.window_ends_at !== null && Date.parse(cap.window_ends_at) <= nowMs;
    return ended ? undefined : cap?.balance_bytes;
  }

  exits(network: Network, country: string | undefined): readonly Exit[] {
    return this.#exits.of(network, country);
  }

  exitsAt(address: string): readonly Exit[] {
    return this.#exits.at(address);
  }

  exit(id: string): Exit | undefined {
    return this.#exits.get(id);
  }

  node(account: string, session: string, nowMs: number): NodeRecord | undefined {
    const node = this.#nodes.get(`${account}/${session}`);
    return node === undefined || Date.parse(node.expires_at) <= nowMs ? undefined : node;
  }

  #remove({ of, id }: TombstoneRecord): void {
    switch (of) {
      case 'account':
        return this.#accounts.remove(id);
      case 'key':
        return this.#keys.remove(id);
      case 'sub_user':
        return this.#subUsers.remove(id);
      case 'authorized_source':
        return this.#sources.remove(id);
      case 'budget':
        return this.#budgets.delete(id);
      case 'exit':
        return this.#exits.remove(id);
      case 'node':
        return this.#nodes.delete(id);
    }
  }
}
