import type { Exit, Network } from '@marvel/shared/exit';

interface Place {
  exit: Exit;
  readonly bucket: Exit[];
}

/** Exits by id, and by network and country as the choice wants them. Cost: O(1), but O(bucket) to replace or remove one. */
export class ExitTable {
  readonly #byId = new Map<string, Place>();
  readonly #buckets = new Map<string, Exit[]>();

  /** Records held. */
  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Exit | undefined {
    return this.#byId.get(id)?.exit;
  }

  of(network: Network, country: string): readonly Exit[] {
    return this.#buckets.get(`${network} ${country}`) ?? [];
  }

  set(exit: Exit): void {
    this.remove(exit.id);
    const name = `${exit.network} ${exit.country}`;
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      bucket = [];
      this.#buckets.set(name, bucket);
    }
    bucket.push(exit);
    this.#byId.set(exit.id, { exit, bucket });
  }

  remove(id: string): void {
    const place = this.#byId.get(id);
    if (place === undefined) return;
    this.#byId.delete(id);
    const { bucket, exit } = place;
    const last = bucket.pop();
    if (last !== undefined && last !== exit) bucket[bucket.indexOf(exit)] = last;
    if (bucket.length === 0) this.#buckets.delete(`${exit.network} ${exit.country}`);
  }

  *records(): Generator<Exit> {
    for (const { exit } of this.#byId.values()) yield exit;
  }
}
