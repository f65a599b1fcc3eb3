/** A prime, so that a byte that was lost, doubled or moved by any usual buffer size shows. */
const PERIOD = 251;
const CHUNK_BYTES = PERIOD * 1024;

const chunk = Buffer.alloc(
  CHUNK_BYTES,
  Uint8Array.from({ length: PERIOD }, (_, index) => index),
);

/** The byte that the pattern has at an offset. */
export function patternByte(offset: number): number {
  return offset % PERIOD;
}

/** The first `length` bytes of the pattern, in chunks that are made once and only read. */
export function* pattern(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= CHUNK_BYTES) yield left >= CHUNK_BYTES ? chunk : chunk.subarray(0, left);
}
