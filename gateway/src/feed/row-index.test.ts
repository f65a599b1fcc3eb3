import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowIndex } from './row-index.ts';

test('finds what was inserted and not removed, whatever collides and however it grows', () => {
  // Few hashes, some of them next to each other and at the end of a shard, so that runs of full places form and wrap.
  const hash = fc.constantFrom(0, 1, 2, 14, 15, 0x00ff_fff0, 0x00ff_ffff, 0xffff_ffff, 0x8000_0000);
  const step = fc.record({ row: fc.nat(40), hash, insert: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const hashes = new Map<number, number>();
      const index = new RowIndex<number>((row, probe) => row === probe);
      for (const { row, hash: wanted, insert } of steps) {
        const known = hashes.get(row);
        if (insert && known === undefined) {
          index.insert(wanted, row);
          hashes.set(row, wanted);
        } else if (!insert && known !== undefined) {
          index.remove(known, row);
          hashes.delete(row);
        }
        for (let probe = 0; probe <= 40; probe += 1) {
          const at = hashes.get(probe);
          expect(index.find(at ?? wanted, probe)).toBe(at === undefined ? -1 : probe);
        }
      }
    }),
  );
});
