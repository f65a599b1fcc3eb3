/** Bytes that an id takes in a row: its length, then up to 63 characters of ASCII. Ids have at most 61. */
export const idFieldBytes = 64;

/** Writes an id at the start of a row. */
export function writeId(chunk: Buffer, offset: number, id: string): void {
  if (id.length >= idFieldBytes) throw new RangeError('the id is too long');
  chunk[offset] = id.length;
  chunk.write(id, offset + 1, 'latin1');
}

/** Reads the id at the start of a row; empty for a row not in use. */
export function readId(chunk: Buffer, offset: number): string {
  return chunk.toString('latin1', offset + 1, offset + 1 + (chunk[offset] ?? 0));
}

/** Compares without making a string. */
export function idEquals(chunk: Buffer, offset: number, id: string): boolean {
  if (chunk[offset] !== id.length) return false;
  for (let index = 0; index < id.length; index += 1) {
    if (chunk[offset + 1 + index] !== id.charCodeAt(index)) return false;
  }
  return true;
}
