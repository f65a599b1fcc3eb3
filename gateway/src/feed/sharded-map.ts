import { hash32 } from '@marvel/shared/hash32';

const shardCount = 64;

/** A map of many entries by text in 64 parts: a single large one pauses the process each time it grows. */
export class ShardedMap<Value> {
  readonly #shards: Map<string, Value>[] = Array.from({ length: shardCount }, () => new Map<string, Value>());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    return this.#shard(key).get(key);
  }

  set(key: string, value: Value): void {
    const shard = this.#shard(key);
    const before = shard.size;
    shard.set(key, value);
    this.#size += shard.size - before;
  }

  delete(key: string): void {
    if (this.#shard(key).delete(key)) this.#size -= 1;
  }

  *values(): Generator<Value> {
    for (const shard of this.#shards) yield* shard.values();
  }

  /** Deletes what `unwanted` says from one part of 64; calls with a rising `turn` go round all. */
  sweep(turn: number, unwanted: (value: Value) => boolean): void {
    const shard = this.#shards[turn % shardCount];
    if (shard === undefined) return;
    for (const [key, value] of shard) {
      if (!unwanted(value)) continue;
      shard.delete(key);
      this.#size -= 1;
    }
  }

  #shard(key: string): Map<string, Value> {
    const shard = this.#shards[hash32(key) % shardCount];
    if (shard === undefined) throw new RangeError('a hash is not negative');
    return shard;
  }
}
