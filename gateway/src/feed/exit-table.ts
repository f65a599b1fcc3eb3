import { canonicalHost } from '@marvel/shared/destination';
import type { Exit, Network } from '@marvel/shared/exit';

type Buckets = Map<string, Exit[]>;

/**
 * Exits by id, by network and country as the choice wants them, and by exit IP. Cost: O(1), but O(bucket) to replace or
 * remove one.
 */
export class ExitTable {
  readonly #byId = new Map<string, Exit>();
  readonly #byNetwork = new Map<Network, Buckets>();
  readonly #byAddress: Buckets = new Map();

  /** Records held. */
  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Exit | undefined {
    return this.#byId.get(id);
  }

  /** Those of one country, or of all. Cost: O(1); O(exits of the network) for all. */
  of(network: Network, country: string | undefined): readonly Exit[] {
    const countries = this.#byNetwork.get(network);
    if (country === undefined) return [...(countries?.values() ?? [])].flat();
    return countries?.get(country) ?? [];
  }

  /** Those whose traffic leaves by an address, in any spelling. */
  at(address: string): readonly Exit[] {
    return this.#byAddress.get(canonicalHost(address)) ?? [];
  }

  set(exit: Exit): void {
    this.remove(exit.id);
    this.#byId.set(exit.id, exit);
    let countries = this.#byNetwork.get(exit.network);
    if (countries === undefined) {
      countries = new Map();
      this.#byNetwork.set(exit.network, countries);
    }
    add(countries, exit.country, exit);
    add(this.#byAddress, canonicalHost(exit.exit_ip), exit);
  }

  remove(id: string): void {
    const exit = this.#byId.get(id);
    if (exit === undefined) return;
    this.#byId.delete(id);
    const countries = this.#byNetwork.get(exit.network);
    if (countries !== undefined) drop(countries, exit.country, exit);
    drop(this.#byAddress, canonicalHost(exit.exit_ip), exit);
  }

  records(): Iterable<Exit> {
    return this.#byId.values();
  }
}

function add(buckets: Buckets, name: string, exit: Exit): void {
  const bucket = buckets.get(name);
  if (bucket === undefined) buckets.set(name, [exit]);
  else bucket.push(exit);
}

function drop(buckets: Buckets, name: string, exit: Exit): void {
  const bucket = buckets.get(name);
  const last = bucket?.pop();
  if (bucket === undefined || last === undefined) return;
  if (last !== exit) bucket[bucket.indexOf(exit)] = last;
  if (bucket.length === 0) buckets.delete(name);
}
