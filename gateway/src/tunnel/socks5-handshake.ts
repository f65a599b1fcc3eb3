import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { DialRequest, Handshake, HandshakeEvent } from './handshake.ts';

const version = 5;
const authVersion = 1;
const methods = { none: 0, usernamePassword: 2 } as const;
const connectCommand = 1;
const addressTypes = { ipv4: 1, name: 3, ipv6: 4 } as const;
const succeeded = 0;
/** What precedes the bound address of a reply, and the port behind it, bytes. */
const replyHeadBytes = 4;
const portBytes = 2;
/** The longest name, user name or password: what one byte of length can say. */
const maxTextBytes = 255;

const more: HandshakeEvent = { kind: 'more' };
/**
 * A foreign proxy is not believed when it says that the destination is to blame: any refusal counts as its own, so that
 * another exit is tried.
 */
const failed: HandshakeEvent = { kind: 'failed', fault: 'exit' };

/** CONNECT over SOCKS5, with a user name and password where there are any. Source: RFC 1928, RFC 1929. */
export class Socks5Handshake implements Handshake {
  readonly request: Buffer;
  /** What answers a wish for user name and password; `undefined` when there are none. */
  readonly #signIn: Buffer | undefined;
  readonly #connect: Buffer;
  #stage: 'method' | 'sign-in' | 'reply' = 'method';
  /** The message that is not complete yet; 262 bytes at most. */
  #held: Buffer = Buffer.alloc(0);

  private constructor(signIn: Buffer | undefined, connect: Buffer) {
    this.request =
      signIn === undefined
        ? Buffer.from([version, 1, methods.none])
        : Buffer.from([version, 2, methods.none, methods.usernamePassword]);
    this.#signIn = signIn;
    this.#connect = connect;
  }

  /** `undefined` when the host, user name or password is longer than SOCKS5 can say. */
  static of(
    request: DialRequest,
    username: string | undefined,
    password: string | undefined,
  ): Socks5Handshake | undefined {
    const connect = connectMessage(request);
    if (connect === undefined) return undefined;
    if (username === undefined && password === undefined) return new Socks5Handshake(undefined, connect);
    const name = text(username ?? '');
    const secret = text(password ?? '');
    if (name === undefined || secret === undefined) return undefined;
    return new Socks5Handshake(Buffer.concat([Buffer.from([authVersion]), name, secret]), connect);
  }

  push(bytes: Buffer): HandshakeEvent {
    const heldBytes = this.#held.length;
    this.#held = Buffer.concat([this.#held, bytes]);
    switch (this.#stage) {
      case 'method':
        return this.#readMethod();
      case 'sign-in':
        return this.#readSignIn();
      case 'reply':
        return this.#readReply(heldBytes);
    }
  }

  #readMethod(): HandshakeEvent {
    const [answered, method] = this.#held;
    if (answered !== undefined && answered !== version) return failed;
    if (method === undefined) return more;
    if (method === methods.none) return this.#ask('reply', this.#connect);
    if (method === methods.usernamePassword && this.#signIn !== undefined) return this.#ask('sign-in', this.#signIn);
    return failed;
  }

  #readSignIn(): HandshakeEvent {
    const [answered, status] = this.#held;
    if (answered !== undefined && answered !== authVersion) return failed;
    if (status === undefined) return more;
    return status === succeeded ? this.#ask('reply', this.#connect) : failed;
  }

  #readReply(heldBytes: number): HandshakeEvent {
    const [answered, code, , type, length] = this.#held;
    if (answered !== undefined && answered !== version) return failed;
    // Some proxies send no more than this when they refuse.
    if (code !== undefined && code !== succeeded) return failed;
    if (type === undefined) return more;
    const addressBytes = boundAddressBytes(type, length);
    if (addressBytes === 'unknown') return failed;
    if (addressBytes === undefined) return more;
    const end = replyHeadBytes + addressBytes + portBytes;
    return this.#held.length < end ? more : { kind: 'open', restAt: end - heldBytes };
  }

  /** Sends the next message. Whoever has said more than that asked for does not speak SOCKS5. */
  #ask(stage: 'sign-in' | 'reply', bytes: Buffer): HandshakeEvent {
    if (this.#held.length > 2) return failed;
    this.#held = Buffer.alloc(0);
    this.#stage = stage;
    return { kind: 'send', bytes };
  }
}

/** How long the bound address of a reply is, the length byte of a name included; `undefined` while that is not known. */
function boundAddressBytes(type: number, length: number | undefined): number | 'unknown' | undefined {
  switch (type) {
    case addressTypes.ipv4:
      return 4;
    case addressTypes.ipv6:
      return 16;
    case addressTypes.name:
      return length === undefined ? undefined : 1 + length;
    default:
      return 'unknown';
  }
}

function connectMessage({ host, port }: DialRequest): Buffer | undefined {
  const address = addressOf(host);
  if (address === undefined) return undefined;
  return Buffer.concat([Buffer.from([version, connectCommand, 0]), address, Buffer.from([port >> 8, port & 0xff])]);
}

function addressOf(host: string): Buffer | undefined {
  if (isIP(host) !== 0) {
    const bytes = ipaddr.parse(host).toByteArray();
    return Buffer.from([bytes.length === 4 ? addressTypes.ipv4 : addressTypes.ipv6, ...bytes]);
  }
  const name = text(host);
  return name === undefined ? undefined : Buffer.concat([Buffer.from([addressTypes.name]), name]);
}

/** A text behind its length; `undefined` when it is too long. */
function text(value: string): Buffer | undefined {
  const bytes = Buffer.from(value, 'utf8');
  return bytes.length > maxTextBytes ? undefined : Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
