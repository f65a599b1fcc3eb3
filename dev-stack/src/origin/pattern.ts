/** A prime, so that a byte that was lost, doubled or moved by any usual buffer size shows. */
const period = 251;
const chunkBytes = period * 1024;

const chunk = Buffer.alloc(
  chunkBytes,
  Uint8Array.from({ length: period }, (_, index) => index),
);

/** The byte that the pattern has at an offset. */
export function patternByte(offset: number): number {
  return offset % period;
}

/** The first `length` bytes of the pattern, in chunks that are made once and only read. */
export function* pattern(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= chunkBytes) yield left >= chunkBytes ? chunk : chunk.subarray(0, left);
}
