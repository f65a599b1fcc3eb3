import { randomBase62 } from '@marvel/shared/key-format';

/** The prefixes of the ids that the store makes. */
export type IdPrefix =
  | 'acc'
  | 'ak'
  | 'key'
  | 'su'
  | 'src'
  | 'gtw'
  | 'ext'
  | 'inv'
  | 'pay'
  | 'bnd'
  | 'whe'
  | 'pln'
  | 'cst'
  | 'sbn';

const randomCharacters = 20;

/** A new id: prefix, `_`, 20 base62 characters (119 bits). */
export function newId(prefix: IdPrefix): string {
  const random = randomBase62(randomCharacters, (count) => crypto.getRandomValues(new Uint8Array(count)));
  return `${prefix}_${random}`;
}
