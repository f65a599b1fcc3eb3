import { createHmac } from 'node:crypto';
import { proxyKeyDigestInput, subUserDigestInput } from '@marvel/shared/credential-digest';
import type { Exit, Network } from '@marvel/shared/exit';
import type { AuthorizedSourceRecord, DestinationPolicy, NodeRecord, SubUserRecord } from '@marvel/shared/feed';
import type { Limits } from '@marvel/shared/limits';
import type { AccountEntry, FleetChange, FleetView, KeyEntry } from '../src/fleet-view.ts';

export const testPepper = 'pepper of the tests';

/** A sub-user as its owner knows it. */
export interface TestSubUser {
  readonly username: string;
  readonly password: string;
  readonly account: string;
  readonly limits?: Limits;
}

/** A fleet's state that a test sets as it likes. */
export class FakeFleet implements FleetView {
  isReady = true;
  stale = false;
  readonly maintenance = false;
  readonly fleetSize = 1;
  policy: DestinationPolicy = { ports: [80, 443, 8080, 8443], allow: [], own_addresses: [] };
  readonly keys = new Map<string, KeyEntry>();
  readonly accounts = new Map<string, AccountEntry>();
  readonly exitsById = new Map<string, Exit>();
  readonly nodes = new Map<string, NodeRecord>();
  readonly subUsers = new Map<string, SubUserRecord>();
  /** By the one address that each stands for. */
  readonly sources = new Map<string, AuthorizedSourceRecord>();
  /** By credential or account. */
  readonly elsewhere = new Map<string, number>();
  readonly #listeners = new Set<(change: FleetChange) => void>();
  #version = 0;

  /** Never the same, since tests change what they like. */
  get version(): number {
    this.#version += 1;
    return this.#version;
  }

  addKey(key: string, entry: KeyEntry): void {
    this.keys.set(digestOf(key), entry);
  }

  removeKey(key: string): void {
    const digest = digestOf(key);
    const id = this.keys.get(digest)?.id ?? '';
    this.keys.delete(digest);
    this.tell({ kind: 'tombstone', of: 'key', id });
  }

  /** Adds a sub-user, or sets what one may do, and tells the gateway. */
  setSubUser(id: string, { username, password, account, limits = {} }: TestSubUser): SubUserRecord {
    const digest = createHmac('sha256', testPepper).update(subUserDigestInput(username, password)).digest('base64url');
    const record: SubUserRecord = { kind: 'sub_user', id, account, username, digest, limits };
    this.subUsers.set(id, record);
    this.tell(record);
    return record;
  }

  /** Tells the gateway of a change that the test has made. */
  tell(change: FleetChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  isStale(): boolean {
    return this.stale;
  }

  keyByDigest(digest: Uint8Array): KeyEntry | undefined {
    return this.keys.get(Buffer.from(digest).toString('hex'));
  }

  subUserByName(username: string): SubUserRecord | undefined {
    return [...this.subUsers.values()].find((subUser) => subUser.username === username);
  }

  subUser(id: string): SubUserRecord | undefined {
    return this.subUsers.get(id);
  }

  authorizedSource(address: string): AuthorizedSourceRecord | undefined {
    return this.sources.get(address);
  }

  account(id: string): AccountEntry | undefined {
    return this.accounts.get(id);
  }

  balanceBytes(budget: string): number | undefined {
    return this.accounts.get(budget)?.balance_bytes;
  }

  exits(network: Network, country: string | undefined): readonly Exit[] {
    return [...this.exitsById.values()].filter(
      (exit) => exit.network === network && (country === undefined || exit.country === country),
    );
  }

  exitsAt(address: string): readonly Exit[] {
    return [...this.exitsById.values()].filter((exit) => exit.exit_ip === address);
  }

  exit(id: string): Exit | undefined {
    return this.exitsById.get(id);
  }

  node(account: string, session: string, nowMs: number): NodeRecord | undefined {
    const node = this.nodes.get(`${account}/${session}`);
    return node !== undefined && Date.parse(node.expires_at) > nowMs ? node : undefined;
  }

  tunnelsElsewhere(id: string): number {
    return this.elsewhere.get(id) ?? 0;
  }

  onChange(listener: (change: FleetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function digestOf(key: string): string {
  return createHmac('sha256', testPepper).update(proxyKeyDigestInput(key)).digest('hex');
}
