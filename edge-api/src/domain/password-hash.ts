import { toBase64Url } from '@marvel/shared/credential-digest';

/** How hard a hash is to make. */
export interface HashCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** The cost of new hashes. Source: CONTRACT section 5; OWASP Password Storage, argon2id with 19 MiB. */
export const presentCost: HashCost = { memoryKib: 19_456, passes: 2, lanes: 1 };

/** argon2id itself, as its WASM gives it. Source: RFC 9106. */
export type Argon2id = (input: {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly memorySize: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly tagLength: number;
}) => Uint8Array;

/** A stored password: cost, salt and tag in one PHC string. */
interface PasswordHash {
  readonly cost: HashCost;
  readonly salt: Uint8Array;
  readonly tag: Uint8Array;
}

const saltBytes = 16;
const tagBytes = 32;
/** The least the implementation takes; a shorter password is nobody's. */
const minPasswordBytes = 8;
/** A stored hash that asks for more than this was not made here. */
const maxCost: HashCost = { memoryKib: 65_536, passes: 16, lanes: 4 };
const phcPattern =
  /^\$argon2id\$v=19\$m=([1-9][0-9]{0,7}),t=([1-9][0-9]{0,3}),p=([1-9][0-9]{0,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/;

/** Hashes a new password to a PHC string with a fresh salt. */
export function hashPassword(
  password: string,
  argon2id: Argon2id,
  randomBytes: (count: number) => Uint8Array,
  cost: HashCost = presentCost,
): string {
  const salt = randomBytes(saltBytes);
  return format({ cost, salt, tag: derive(padded(passwordBytes(password)), salt, cost, argon2id) });
}

/**
 * Whether a password is that of a PHC string. `undefined` (nobody of that name) costs the same and is never right.
 *
 * Errors: throws on a stored string that is not ours, which is a fault of the data.
 */
export function verifyPassword(password: string, stored: string | undefined, argon2id: Argon2id): boolean {
  const hash = stored === undefined ? nobody : parse(stored);
  const bytes = passwordBytes(password);
  const tag = derive(padded(bytes), hash.salt, hash.cost, argon2id);
  return equal(tag, hash.tag) && stored !== undefined && bytes.length >= minPasswordBytes;
}

/** Whether a stored hash is cheaper than new ones, so that the next sign-in should replace it. */
export function isOutdated(stored: string): boolean {
  const { cost } = parse(stored);
  return cost.memoryKib < presentCost.memoryKib || cost.passes < presentCost.passes || cost.lanes < presentCost.lanes;
}

/** What is verified when there is no account: at the present cost, and equal to no password's hash. */
const nobody: PasswordHash = { cost: presentCost, salt: new Uint8Array(saltBytes), tag: new Uint8Array(tagBytes) };

function derive(password: Uint8Array, salt: Uint8Array, cost: HashCost, argon2id: Argon2id): Uint8Array {
  return argon2id({
    password,
    salt,
    memorySize: cost.memoryKib,
    passes: cost.passes,
    parallelism: cost.lanes,
    tagLength: tagBytes,
  });
}

/** UTF-8 of the password in one normal form, so that it does not matter which keyboard typed it. Source: RFC 8265 4.2. */
function passwordBytes(password: string): Uint8Array {
  return new TextEncoder().encode(password.normalize('NFC'));
}

/** Lengthened to what the implementation takes, so that a password too short to be anyone's costs as much as others. */
function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= minPasswordBytes) return bytes;
  const whole = new Uint8Array(minPasswordBytes);
  whole.set(bytes);
  return whole;
}

/** Compares without telling by its time where two tags differ. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

function format({ cost, salt, tag }: PasswordHash): string {
  const parameters = `m=${cost.memoryKib},t=${cost.passes},p=${cost.lanes}`;
  return `$argon2id$v=19$${parameters}$${toBase64(salt)}$${toBase64(tag)}`;
}

function parse(stored: string): PasswordHash {
  const match = phcPattern.exec(stored);
  if (match === null) throw new Error('a stored password hash is not argon2id');
  const [, memoryKib, passes, lanes, salt = '', tag = ''] = match;
  const cost = { memoryKib: Number(memoryKib), passes: Number(passes), lanes: Number(lanes) };
  if (cost.memoryKib > maxCost.memoryKib || cost.passes > maxCost.passes || cost.lanes > maxCost.lanes) {
    throw new Error('a stored password hash costs too much');
  }
  return { cost, salt: fromBase64(salt), tag: fromBase64(tag) };
}

/** Base64 without padding, as PHC strings have it. */
function toBase64(bytes: Uint8Array): string {
  return toBase64Url(bytes).replaceAll('-', '+').replaceAll('_', '/');
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
