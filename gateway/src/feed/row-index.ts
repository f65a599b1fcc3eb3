const shardBits = 8;
const firstCapacity = 16;

interface Shard {
  /** Pairs of (hash, row + 1); a second number of 0 is an empty place. */
  pairs: Uint32Array;
  count: number;
}

/**
 * Finds rows by a 32-bit hash and a comparison: open addressing in 256 shards, so that growing moves a few thousand
 * entries at a time and never pauses the process. Cost: O(1) expected, 11 to 22 bytes an entry.
 */
export class RowIndex<Probe> {
  readonly #shards: Shard[];
  readonly #equals: (row: number, probe: Probe) => boolean;

  constructor(equals: (row: number, probe: Probe) => boolean) {
    this.#equals = equals;
    this.#shards = Array.from({ length: 1 << shardBits }, () => ({
      pairs: new Uint32Array(firstCapacity * 2),
      count: 0,
    }));
  }

  /** The row that equals `probe`, or -1. */
  find(hash: number, probe: Probe): number {
    const { pairs } = this.#shard(hash);
    const mask = pairs.length / 2 - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = at(pairs, slot * 2 + 1) - 1;
      if (row < 0) return -1;
      if (at(pairs, slot * 2) === hash >>> 0 && this.#equals(row, probe)) return row;
    }
  }

  /** Adds a row that is not there yet. */
  insert(hash: number, row: number): void {
    const shard = this.#shard(hash);
    if ((shard.count + 1) * 4 > (shard.pairs.length / 2) * 3) grow(shard);
    place(shard.pairs, hash >>> 0, row + 1);
    shard.count += 1;
  }

  /** Removes a row that is there; later entries move up, so no marks are left behind. */
  remove(hash: number, row: number): void {
    const shard = this.#shard(hash);
    const { pairs } = shard;
    const mask = pairs.length / 2 - 1;
    let hole = hash & mask;
    while (at(pairs, hole * 2 + 1) !== row + 1) {
      if (at(pairs, hole * 2 + 1) === 0) return;
      hole = (hole + 1) & mask;
    }
    for (let next = (hole + 1) & mask; at(pairs, next * 2 + 1) !== 0; next = (next + 1) & mask) {
      const home = at(pairs, next * 2) & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      pairs[hole * 2] = at(pairs, next * 2);
      pairs[hole * 2 + 1] = at(pairs, next * 2 + 1);
      hole = next;
    }
    pairs[hole * 2] = 0;
    pairs[hole * 2 + 1] = 0;
    shard.count -= 1;
  }

  #shard(hash: number): Shard {
    const shard = this.#shards[hash >>> (32 - shardBits)];
    if (shard === undefined) throw new RangeError('a hash has 32 bits');
    return shard;
  }
}

function grow(shard: Shard): void {
  const before = shard.pairs;
  shard.pairs = new Uint32Array(before.length * 2);
  for (let index = 0; index < before.length; index += 2) {
    if (at(before, index + 1) !== 0) place(shard.pairs, at(before, index), at(before, index + 1));
  }
}

function place(pairs: Uint32Array, hash: number, rowPlusOne: number): void {
  const mask = pairs.length / 2 - 1;
  let free = hash & mask;
  while (at(pairs, free * 2 + 1) !== 0) free = (free + 1) & mask;
  pairs[free * 2] = hash;
  pairs[free * 2 + 1] = rowPlusOne;
}

function at(pairs: Uint32Array, index: number): number {
  return pairs[index] ?? 0;
}
