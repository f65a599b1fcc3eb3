import { base64url } from 'jose';
import type { Leaf } from '@marvel/shared/receipt/digest-tree';

const digestBytes = 32;
const leafBytes = 2 + digestBytes;

/** Leaves as they are stored: two bytes of place and 32 of digest each, base64url. */
export function packLeaves(leaves: readonly Leaf[]): string {
  const bytes = new Uint8Array(leaves.length * leafBytes);
  for (const [index, { slot, digest }] of leaves.entries()) {
    bytes.set([slot >> 8, slot & 255], index * leafBytes);
    bytes.set(digest, index * leafBytes + 2);
  }
  return base64url.encode(bytes);
}

/** The leaves that `packLeaves` wrote. */
export function unpackLeaves(packed: string): readonly Leaf[] {
  const bytes = base64url.decode(packed);
  return Array.from({ length: bytes.length / leafBytes }, (_, index) => {
    const at = index * leafBytes;
    return {
      slot: (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0),
      digest: bytes.subarray(at + 2, at + leafBytes),
    };
  });
}
