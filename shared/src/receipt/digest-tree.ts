import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { compareIds } from './compare-ids.ts';

/** Levels above the leaves. The same for every batch, so that no proof tells how many accounts a batch holds. */
export const treeDepth = 10;
const slots = 2 ** treeDepth;

/** What is hashed says first what it is, so that no hash of one kind can stand for one of another. */
const tags = { leaf: 0, node: 1, filler: 2, salt: 3, slot: 4 } as const;

/** The digest of one account's lines, and its place among the leaves. */
export interface Leaf {
  /** 0 to 1023. */
  readonly slot: number;
  readonly digest: Uint8Array;
}

/** HMAC under the secret of a batch, 32 bytes: what nobody can make who does not know it. */
export class BatchSecret {
  /** The key is hashed once; each use goes on from there. */
  readonly #keyed: ReturnType<typeof hmac.create>;

  constructor(secret: Uint8Array) {
    this.#keyed = hmac.create(sha256, secret);
  }

  derive(tag: number, text: string): Uint8Array {
    return this.#keyed.clone().update(tagged(tag, text)).digest();
  }
}

/** What hides an account's leaf from whoever guesses its lines. */
export function leafSalt(secret: BatchSecret, account: string): Uint8Array {
  return secret.derive(tags.salt, account);
}

/** The digest of what an account has in a batch. */
export function leafDigest(salt: Uint8Array, text: string): Uint8Array {
  const lines = new TextEncoder().encode(text);
  const bytes = new Uint8Array(1 + salt.length + lines.length);
  bytes[0] = tags.leaf;
  bytes.set(salt, 1);
  bytes.set(lines, 1 + salt.length);
  return sha256(bytes);
}

/**
 * A place for each account, at random but for the secret; a taken one makes way for the next. At most 1,000 accounts.
 */
export function placeAccounts(secret: BatchSecret, accounts: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const taken = new Set<number>();
  for (const account of accounts.toSorted(compareIds)) {
    const [high = 0, low = 0] = secret.derive(tags.slot, account);
    let slot = (high * 256 + low) % slots;
    while (taken.has(slot)) slot = (slot + 1) % slots;
    taken.add(slot);
    places.set(account, slot);
  }
  return places;
}

/** A tree of SHA-256 over 1,024 places. Where no account is stands a filler, which looks like any digest. */
export class DigestTree {
  readonly #secret: BatchSecret;
  /** By level, from the leaves up: the nodes with an account below. */
  readonly #levels: ReadonlyMap<number, Uint8Array>[];

  /** Cost: at most two hashes a leaf and level. */
  constructor(secret: BatchSecret, leaves: readonly Leaf[]) {
    this.#secret = secret;
    this.#levels = [new Map(leaves.map(({ slot, digest }) => [slot, digest]))];
    for (let level = 0; level < treeDepth; level += 1) {
      const above = new Map<number, Uint8Array>();
      for (const place of this.#levels[level]?.keys() ?? []) {
        const parent = place >> 1;
        if (!above.has(parent)) {
          above.set(parent, nodeDigest(this.#at(level, parent * 2), this.#at(level, parent * 2 + 1)));
        }
      }
      this.#levels.push(above);
    }
  }

  get root(): Uint8Array {
    return this.#at(treeDepth, 0);
  }

  /** The sibling at each level, from the leaves up: with a leaf they give the root. */
  pathOf(slot: number): readonly Uint8Array[] {
    return Array.from({ length: treeDepth }, (_, level) => this.#at(level, (slot >> level) ^ 1));
  }

  #at(level: number, place: number): Uint8Array {
    return this.#levels[level]?.get(place) ?? this.#secret.derive(tags.filler, `${level}/${place}`);
  }
}

/** The root that a leaf and the siblings on its way lead to. */
export function rootOfPath({ slot, digest }: Leaf, path: readonly Uint8Array[]): Uint8Array {
  let node = digest;
  for (const [level, sibling] of path.entries()) {
    const isRight = ((slot >> level) & 1) === 1;
    node = isRight ? nodeDigest(sibling, node) : nodeDigest(node, sibling);
  }
  return node;
}

function nodeDigest(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length);
  bytes[0] = tags.node;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return sha256(bytes);
}

function tagged(tag: number, text: string): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(1 + encoded.length);
  bytes[0] = tag;
  bytes.set(encoded, 1);
  return bytes;
}
