import type { AccountRecord } from '@marvel/shared/feed';
import { hash32 } from '@marvel/shared/hash32';
import type { AccountEntry } from '../fleet-view.ts';
import { IdColumn, idColumnBytes } from './id-column.ts';
import { RowIndex } from './row-index.ts';
import { RowStore } from './row-store.ts';

const balanceAt = idColumnBytes;
const threadsAt = balanceAt + 8;
const referencesAt = threadsAt + 4;
const flagsAt = referencesAt + 4;
const rowBytes = flagsAt + 1;

const presentFlag = 1;
const suspendedFlag = 2;

/**
 * Accounts by id, and their row numbers for others to refer to. A row exists while its record does or something refers to
 * it: a key may come before its account, since a record moves to the end of the feed when it changes.
 */
export class AccountTable {
  readonly #rows = new RowStore(rowBytes);
  readonly #ids = new IdColumn(this.#rows);
  readonly #byId = new RowIndex<string>((row, id) => this.#ids.equals(row, id));
  #size = 0;

  /** Records held. */
  get size(): number {
    return this.#size;
  }

  get(id: string): AccountEntry | undefined {
    const row = this.#byId.find(hash32(id), id);
    return row === -1 ? undefined : this.#read(row, id);
  }

  /** The balance alone, without making an entry. */
  balanceBytes(id: string): number | undefined {
    const row = this.#byId.find(hash32(id), id);
    if (row === -1) return undefined;
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    return (chunk.readUInt8(offset + flagsAt) & presentFlag) === 0 ? undefined : chunk.readDoubleLE(offset + balanceAt);
  }

  set(record: AccountRecord): void {
    const row = this.#rowFor(record.id);
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    if ((chunk.readUInt8(offset + flagsAt) & presentFlag) === 0) this.#size += 1;
    chunk.writeDoubleLE(record.balance_bytes, offset + balanceAt);
    chunk.writeUInt32LE(Math.min(record.threads ?? 0, 0xffffffff), offset + threadsAt);
    chunk.writeUInt8(presentFlag | (record.status === 'suspended' ? suspendedFlag : 0), offset + flagsAt);
  }

  remove(id: string): void {
    const row = this.#byId.find(hash32(id), id);
    if (row === -1) return;
    const chunk = this.#rows.chunk(row);
    const flags = this.#rows.offset(row) + flagsAt;
    if ((chunk.readUInt8(flags) & presentFlag) === 0) return;
    chunk.writeUInt8(0, flags);
    this.#size -= 1;
    this.#freeIfUnused(row);
  }

  /** Gives the row of an account, made if need be, and keeps it until `release`. */
  refer(id: string): number {
    const row = this.#rowFor(id);
    this.#addReferences(row, 1);
    return row;
  }

  release(row: number): void {
    this.#addReferences(row, -1);
    this.#freeIfUnused(row);
  }

  idOf(row: number): string {
    return this.#ids.read(row);
  }

  *records(): Generator<AccountRecord> {
    for (let row = 0; row < this.#rows.end; row += 1) {
      const entry = this.#read(row, undefined);
      if (entry !== undefined) yield { kind: 'account', ...entry };
    }
  }

  #read(row: number, id: string | undefined): AccountEntry | undefined {
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    const flags = chunk.readUInt8(offset + flagsAt);
    if ((flags & presentFlag) === 0) return undefined;
    const threads = chunk.readUInt32LE(offset + threadsAt);
    return {
      id: id ?? this.#ids.read(row),
      status: (flags & suspendedFlag) === 0 ? 'active' : 'suspended',
      balance_bytes: chunk.readDoubleLE(offset + balanceAt),
      threads: threads === 0 ? null : threads,
    };
  }

  #rowFor(id: string): number {
    const hash = hash32(id);
    const found = this.#byId.find(hash, id);
    if (found !== -1) return found;
    const row = this.#rows.allocate();
    this.#ids.write(row, id);
    this.#byId.insert(hash, row);
    return row;
  }

  #addReferences(row: number, change: number): void {
    const chunk = this.#rows.chunk(row);
    const references = this.#rows.offset(row) + referencesAt;
    chunk.writeUInt32LE(chunk.readUInt32LE(references) + change, references);
  }

  #freeIfUnused(row: number): void {
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    if (chunk.readUInt32LE(offset + referencesAt) > 0 || chunk.readUInt8(offset + flagsAt) !== 0) return;
    this.#byId.remove(hash32(this.#ids.read(row)), row);
    this.#ids.clear(row);
    this.#rows.free(row);
  }
}
