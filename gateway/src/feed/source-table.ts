import type { AuthorizedSourceRecord } from '@marvel/shared/feed';
import { canonicalHost } from '@marvel/shared/destination';
import { ShardedMap } from './sharded-map.ts';

/** Authorised sources by id and by each address they stand for. */
export class SourceTable {
  readonly #byId = new ShardedMap<AuthorizedSourceRecord>();
  readonly #byAddress = new ShardedMap<readonly AuthorizedSourceRecord[]>();

  /** Records held. */
  get size(): number {
    return this.#byId.size;
  }

  /** Where several sources have the address: the one with the lowest id, on every gateway the same. */
  byAddress(address: string): AuthorizedSourceRecord | undefined {
    return this.#byAddress.get(canonicalAddress(address))?.[0];
  }

  set(record: AuthorizedSourceRecord): void {
    this.remove(record.id);
    this.#byId.set(record.id, record);
    for (const address of addressesOf(record)) {
      const others = this.#byAddress.get(address) ?? [];
      this.#byAddress.set(
        address,
        [...others, record].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      );
    }
  }

  remove(id: string): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    this.#byId.delete(id);
    for (const address of addressesOf(record)) {
      const others = (this.#byAddress.get(address) ?? []).filter((other) => other.id !== id);
      if (others.length === 0) this.#byAddress.delete(address);
      else this.#byAddress.set(address, others);
    }
  }

  records(): Generator<AuthorizedSourceRecord> {
    return this.#byId.values();
  }
}

function addressesOf(record: AuthorizedSourceRecord): ReadonlySet<string> {
  return new Set(record.addresses.map(canonicalAddress));
}

/** One spelling per address: IPv6 compressed and without zone, an IPv4-mapped one as IPv4. */
function canonicalAddress(address: string): string {
  if (!address.includes(':')) return address;
  const [bare = address] = address.split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  return mapped ?? canonicalHost(bare);
}
