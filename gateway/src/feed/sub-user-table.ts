import type { SubUserRecord } from '@marvel/shared/feed';
import { ShardedMap } from './sharded-map.ts';

/** Sub-users by id and by name. */
export class SubUserTable {
  readonly #byId = new ShardedMap<SubUserRecord>();
  readonly #byName = new ShardedMap<SubUserRecord>();

  /** Records held. */
  get size(): number {
    return this.#byId.size;
  }

  get(id: string): SubUserRecord | undefined {
    return this.#byId.get(id);
  }

  byName(username: string): SubUserRecord | undefined {
    return this.#byName.get(username);
  }

  set(record: SubUserRecord): void {
    this.remove(record.id);
    const namesake = this.#byName.get(record.username);
    // A name belongs to one sub-user: the later record stands, as it does for the edge.
    if (namesake !== undefined) this.remove(namesake.id);
    this.#byId.set(record.id, record);
    this.#byName.set(record.username, record);
  }

  remove(id: string): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    this.#byId.delete(id);
    this.#byName.delete(record.username);
  }

  values(): Generator<SubUserRecord> {
    return this.#byId.values();
  }
}
