import { canonicalHost, isIpLiteral } from '@marvel/shared/destination';
import type { Destination } from '../offer.ts';

/** What came of the bytes a SOCKS5 client sent so far. After `failed`, send the reply and close. */
export type Socks5Heard =
  | { readonly kind: 'more' }
  /** Answer this and go on. */
  | { readonly kind: 'reply'; readonly reply: Buffer }
  /** User name and password have come: judge them, then answer with `socks5AuthReply`. */
  | { readonly kind: 'credentials'; readonly username: string; readonly password: string }
  /** `rest`: a copy of what came after the request, for the tunnel. */
  | { readonly kind: 'request'; readonly destination: Destination; readonly rest: Buffer }
  | { readonly kind: 'failed'; readonly reply: Buffer }
  /** Not SOCKS5: close without a word. */
  | { readonly kind: 'unreadable' };

/** Reply codes. Source: RFC 1928 section 6. */
export const socks5Replies = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;

const version = 5;
const authVersion = 1;
const usernamePasswordMethod = 2;
const noAcceptableMethod = 0xff;
const connectCommand = 1;
const addressTypes = { ipv4: 1, name: 3, ipv6: 4 } as const;
const namePattern = /^[\x21-\x7e]{1,255}$/;
const more: Socks5Heard = { kind: 'more' };
const unreadable: Socks5Heard = { kind: 'unreadable' };

/** The answer to user name and password: 0 lets the client go on, anything else makes it close. Source: RFC 1929 section 2. */
export function socks5AuthReply(status: number): Buffer {
  return Buffer.from([authVersion, status]);
}

/** The answer to a request, with an all-zero bound address: the exit's is told to nobody. Source: RFC 1928 section 6. */
export function socks5Reply(code: number): Buffer {
  return Buffer.from([version, code, 0, addressTypes.ipv4, 0, 0, 0, 0, 0, 0]);
}

/**
 * SOCKS5 with user name and password, CONNECT only, as a pure machine: bytes in, events out.
 *
 * Each call handles at most one message, so call again with an empty buffer after answering: a client may have sent ahead.
 * Holds at most one message: 513 bytes. Source: RFC 1928, RFC 1929.
 */
export class Socks5Reader {
  #stage: 'greeting' | 'credentials' | 'request' | 'done' = 'greeting';
  #held: Buffer = Buffer.alloc(0);

  /** Whether bytes of a message have come that is not complete yet. */
  get isInside(): boolean {
    return this.#held.length > 0;
  }

  push(bytes: Buffer): Socks5Heard {
    // What is kept must not change when the caller reads into the same memory again.
    if (bytes.length > 0) this.#held = Buffer.concat([this.#held, bytes]);
    switch (this.#stage) {
      case 'greeting':
        return this.#readGreeting();
      case 'credentials':
        return this.#readCredentials();
      case 'request':
        return this.#readRequest();
      case 'done':
        return more;
    }
  }

  #readGreeting(): Socks5Heard {
    const held = this.#held;
    if (held.length > 0 && held[0] !== version) return unreadable;
    const methodCount = held[1];
    if (methodCount === undefined || held.length < 2 + methodCount) return more;
    const methods = held.subarray(2, 2 + methodCount);
    this.#held = held.subarray(2 + methodCount);
    if (!methods.includes(usernamePasswordMethod)) {
      this.#stage = 'done';
      return { kind: 'failed', reply: Buffer.from([version, noAcceptableMethod]) };
    }
    this.#stage = 'credentials';
    return { kind: 'reply', reply: Buffer.from([version, usernamePasswordMethod]) };
  }

  #readCredentials(): Socks5Heard {
    const held = this.#held;
    if (held.length > 0 && held[0] !== authVersion) return unreadable;
    const nameLength = held[1];
    if (nameLength === undefined) return more;
    const passwordLength = held[2 + nameLength];
    if (passwordLength === undefined || held.length < 3 + nameLength + passwordLength) return more;
    const username = held.toString('utf8', 2, 2 + nameLength);
    const password = held.toString('utf8', 3 + nameLength, 3 + nameLength + passwordLength);
    this.#held = held.subarray(3 + nameLength + passwordLength);
    this.#stage = 'request';
    return { kind: 'credentials', username, password };
  }

  #readRequest(): Socks5Heard {
    const held = this.#held;
    if (held.length > 0 && held[0] !== version) return unreadable;
    const [, command, , addressType, nameLength] = held;
    if (command === undefined || addressType === undefined) return more;
    if (command !== connectCommand) return this.#fail(socks5Replies.commandNotSupported);
    if (addressType !== addressTypes.ipv4 && addressType !== addressTypes.ipv6 && addressType !== addressTypes.name) {
      return this.#fail(socks5Replies.addressTypeNotSupported);
    }
    if (nameLength === undefined) return more;
    const addressStart = addressType === addressTypes.name ? 5 : 4;
    const addressLength = addressType === addressTypes.name ? nameLength : addressType === addressTypes.ipv4 ? 4 : 16;
    const end = addressStart + addressLength + 2;
    if (held.length < end) return more;
    const host = readHost(held.subarray(addressStart, addressStart + addressLength), addressType);
    const port = held.readUInt16BE(end - 2);
    if (host === undefined || port === 0) return this.#fail(socks5Replies.generalFailure);
    this.#stage = 'done';
    const rest = Buffer.from(held.subarray(end));
    this.#held = Buffer.alloc(0);
    return { kind: 'request', destination: { host: canonicalHost(host), port }, rest };
  }

  #fail(code: number): Socks5Heard {
    this.#stage = 'done';
    this.#held = Buffer.alloc(0);
    return { kind: 'failed', reply: socks5Reply(code) };
  }
}

function readHost(address: Buffer, type: number): string | undefined {
  if (type === addressTypes.ipv4) return address.join('.');
  if (type === addressTypes.ipv6) {
    const groups: string[] = [];
    for (let index = 0; index < address.length; index += 2) groups.push(address.readUInt16BE(index).toString(16));
    return groups.join(':');
  }
  const name = address.toString('latin1');
  // A name in brackets or with a colon is no name; an address sent as a name is judged as the address it is.
  return namePattern.test(name) && (isIpLiteral(name) || !/[:[\]/@]/.test(name)) ? name : undefined;
}
