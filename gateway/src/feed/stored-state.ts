import { join } from 'node:path';
import { FeedCursor, FeedRecord, feedRecordKinds } from '@marvel/shared/feed';
import { parseJson } from '@marvel/shared/parse-json';
import { err, ok, type Result } from '@marvel/shared/result';
import * as v from 'valibot';
import { FleetState } from './fleet-state.ts';
import { readSealed, type SealedFileFailure, sealingKey, writeSealed } from './sealed-file.ts';

/** Where a state stands in the feed. */
export interface StatePosition {
  readonly epoch: number;
  readonly cursor: FeedCursor;
  /** The newest `issued_at` believed, ms since 1970. */
  readonly issuedAtMs: number;
}

/** A build that knows more would not be told again of records that were left out before: it starts from none. */
const kinds = [...feedRecordKinds].toSorted().join(' ');

const Position = v.strictObject({
  format: v.literal(2),
  kinds: v.literal(kinds),
  fleet: v.string(),
  epoch: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  cursor: FeedCursor,
  issuedAtMs: v.pipe(v.number(), v.minValue(0)),
});
const Records = v.array(FeedRecord);

/** A few milliseconds of work between two writes, so that saving never pauses what is served. */
const recordsPerBlock = 500;

/**
 * The last good state on disk, so that a gateway can restart while the edge is away: the records in one file, how fresh
 * they are known to be in a second, small one that can be written often. Holds digests and exit secrets: mode 0600.
 */
export class StoredState {
  readonly #recordsPath: string;
  readonly #freshnessPath: string;
  readonly #key: Buffer;
  readonly #fleet: string;

  constructor(directory: string, secret: string, fleet: string) {
    this.#recordsPath = join(directory, 'feed.state');
    this.#freshnessPath = join(directory, 'feed.fresh');
    this.#key = sealingKey(secret);
    this.#fleet = fleet;
  }

  /** Records applied while this runs may or may not be in it: reading the feed on from `position` puts that right. */
  save(state: FleetState, position: StatePosition): Promise<Result<{ readonly bytes: number }, string>> {
    return writeSealed(this.#recordsPath, this.#key, this.#blocks(state, position));
  }

  /** Notes that the saved records still stood at `position.issuedAtMs`. Counts only if nothing else moved since `save`. */
  saveFreshness(position: StatePosition): Promise<Result<{ readonly bytes: number }, string>> {
    return writeSealed(this.#freshnessPath, this.#key, [this.#head(position)]);
  }

  /** Errors: a file that is not whole, not sealed by this gateway or not of this fleet gives nothing at all. */
  async load(): Promise<Result<{ readonly state: FleetState; readonly position: StatePosition }, SealedFileFailure>> {
    const state = new FleetState();
    let position: StatePosition | undefined;
    const read = await readSealed(this.#recordsPath, this.#key, (block) => {
      if (position === undefined) {
        position = this.#readHead(block);
        return position !== undefined;
      }
      const records = parseJson(block, Records);
      for (const record of records ?? []) state.apply(record);
      return records !== undefined;
    });
    if (!read.ok) return read;
    if (position === undefined) return err('damaged');
    return ok({ state, position: await this.#freshest(position) });
  }

  async #freshest(position: StatePosition): Promise<StatePosition> {
    let fresh: StatePosition | undefined;
    const read = await readSealed(this.#freshnessPath, this.#key, (block) => {
      fresh = this.#readHead(block);
      return fresh !== undefined;
    });
    const same = read.ok && fresh?.epoch === position.epoch && fresh.cursor === position.cursor;
    return same && fresh !== undefined && fresh.issuedAtMs > position.issuedAtMs ? fresh : position;
  }

  *#blocks(state: FleetState, position: StatePosition): Generator<string> {
    yield this.#head(position);
    let block: FeedRecord[] = [];
    for (const record of state.records()) {
      block.push(record);
      if (block.length < recordsPerBlock) continue;
      yield JSON.stringify(block);
      block = [];
    }
    if (block.length > 0) yield JSON.stringify(block);
  }

  #head(position: StatePosition): string {
    return JSON.stringify({ format: 2, kinds, fleet: this.#fleet, ...position });
  }

  #readHead(block: Uint8Array): StatePosition | undefined {
    const head = parseJson(block, Position);
    if (head === undefined || head.fleet !== this.#fleet) return undefined;
    return { epoch: head.epoch, cursor: head.cursor, issuedAtMs: head.issuedAtMs };
  }
}
