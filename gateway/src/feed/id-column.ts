import type { RowStore } from './row-store.ts';

/** Bytes an id takes at the start of a row: its length, then its characters. The ids we make have 24. */
export const idColumnBytes = 40;

const maxShortId = idColumnBytes - 1;

/** In place of a length: the id is too long for its row, and kept beside. */
const longMark = 255;

/** The ids of rows, ASCII, at the start of each. An empty one marks a row that is not in use. */
export class IdColumn {
  readonly #rows: RowStore;
  readonly #long = new Map<number, string>();

  constructor(rows: RowStore) {
    this.#rows = rows;
  }

  /** Writes the id of a row that has none. */
  write(row: number, id: string): void {
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    if (id.length > maxShortId) {
      this.#long.set(row, id);
      chunk[offset] = longMark;
    } else {
      chunk[offset] = id.length;
      chunk.write(id, offset + 1, 'latin1');
    }
  }

  read(row: number): string {
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    const length = chunk[offset] ?? 0;
    return length === longMark
      ? (this.#long.get(row) ?? '')
      : chunk.toString('latin1', offset + 1, offset + 1 + length);
  }

  /** Compares without making a string. */
  equals(row: number, id: string): boolean {
    const chunk = this.#rows.chunk(row);
    const offset = this.#rows.offset(row);
    if (id.length > maxShortId) return this.#long.get(row) === id;
    if (chunk[offset] !== id.length) return false;
    for (let index = 0; index < id.length; index += 1) {
      if (chunk[offset + 1 + index] !== id.charCodeAt(index)) return false;
    }
    return true;
  }

  isUsed(row: number): boolean {
    return this.#rows.chunk(row)[this.#rows.offset(row)] !== 0;
  }

  clear(row: number): void {
    this.#rows.chunk(row)[this.#rows.offset(row)] = 0;
    this.#long.delete(row);
  }
}
