import type { KeyRecord } from '@marvel/shared/feed';
import { hash32 } from '@marvel/shared/hash32';
import type { KeyEntry } from '../fleet-view.ts';
import type { AccountTable } from './account-table.ts';
import { IdColumn, idColumnBytes } from './id-column.ts';
import { LimitsPool } from './limits-pool.ts';
import { RowIndex } from './row-index.ts';
import { RowStore } from './row-store.ts';

/** Bytes of an HMAC-SHA-256. */
export const digestBytes = 32;

const digestAt = idColumnBytes;
const accountAt = digestAt + digestBytes;
const limitsAt = accountAt + 4;
const testAt = limitsAt + 4;
const rowBytes = testAt + 1;

/** Keys by digest and by id. A digest is uniform, so its first bytes are its hash. Cost: about 120 bytes a key. */
export class KeyTable {
  readonly #rows = new RowStore(rowBytes);
  readonly #limits = new LimitsPool();
  readonly #accounts: AccountTable;
  readonly #ids = new IdColumn(this.#rows);
  readonly #byId = new RowIndex<string>((row, id) => this.#ids.equals(row, id));
  readonly #byDigest = new RowIndex<Uint8Array>((row, digest) => this.#digestEquals(row, digest));
  #size = 0;

  constructor(accounts: AccountTable) {
    this.#accounts = accounts;
  }

  /** Records held. */
  get size(): number {
    return this.#size;
  }

  byDigest(digest: Uint8Array): KeyEntry | undefined {
    if (digest.length !== digestBytes) return undefined;
    const row = this.#byDigest.find(digestHash(digest), digest);
    return row === -1 ? undefined : this.#entry(row);
  }

  set(record: KeyRecord): void {
    this.remove(record.id);
    const digest = Buffer.from(record.digest, 'base64url');
    const taken = this.#byDigest.find(digestHash(digest), digest);
    // One key cannot be two: the later record stands.
    if (taken !== -1) this.#drop(taken);
    const row = this.#rows.allocate();
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    this.#ids.write(row, record.id);
    digest.copy(chunk, offset + digestAt);
    chunk.writeUInt32LE(this.#accounts.refer(record.account), offset + accountAt);
    chunk.writeUInt32LE(this.#limits.refer(record.limits), offset + limitsAt);
    chunk.writeUInt8(record.test ? 1 : 0, offset + testAt);
    this.#byId.insert(hash32(record.id), row);
    this.#byDigest.insert(digestHash(digest), row);
    this.#size += 1;
  }

  remove(id: string): void {
    const row = this.#byId.find(hash32(id), id);
    if (row !== -1) this.#drop(row);
  }

  *records(): Generator<KeyRecord> {
    for (let row = 0; row < this.#rows.end; row += 1) {
      if (!this.#ids.isUsed(row)) continue;
      yield { kind: 'key', ...this.#entry(row), digest: this.#digest(row).toString('base64url') };
    }
  }

  #entry(row: number): KeyEntry {
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    return {
      id: this.#ids.read(row),
      account: this.#accounts.idOf(chunk.readUInt32LE(offset + accountAt)),
      test: chunk[offset + testAt] === 1,
      limits: this.#limits.get(chunk.readUInt32LE(offset + limitsAt)),
    };
  }

  #drop(row: number): void {
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    this.#byId.remove(hash32(this.#ids.read(row)), row);
    this.#byDigest.remove(digestHash(this.#digest(row)), row);
    this.#accounts.release(chunk.readUInt32LE(offset + accountAt));
    this.#limits.release(chunk.readUInt32LE(offset + limitsAt));
    this.#ids.clear(row);
    this.#rows.free(row);
    this.#size -= 1;
  }

  #digest(row: number): Buffer {
    const start = this.#rows.offset(row) + digestAt;
    return this.#rows.chunk(row).subarray(start, start + digestBytes);
  }

  #digestEquals(row: number, digest: Uint8Array): boolean {
    const chunk = this.#rows.chunk(row);
    const start = this.#rows.offset(row) + digestAt;
    for (let index = 0; index < digestBytes; index += 1) {
      if (chunk[start + index] !== digest[index]) return false;
    }
    return true;
  }
}

function digestHash(digest: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = digest;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
