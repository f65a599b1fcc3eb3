import { isIPv4 } from 'node:net';
import { Wire } from './wire.ts';

/** A name as SOCKS5 says it: its length before it. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** User name and password. Source: RFC 1929 section 2. */
export function signInMessage(username: string, password: string): Buffer {
  return Buffer.concat([Buffer.from([1]), text(username), text(password)]);
}

/** A request; `command` 1 is CONNECT. Source: RFC 1928 section 4. */
export function requestMessage(host: string, port: number, command = 1): Buffer {
  const address = isIPv4(host)
    ? Buffer.from([1, ...host.split('.').map(Number)])
    : Buffer.concat([Buffer.from([3]), text(host)]);
  return Buffer.concat([Buffer.from([5, command, 0]), address, Buffer.from([port >> 8, port & 0xff])]);
}

/** A raw SOCKS5 client, which sends and reads message by message. */
export class Socks5Wire {
  readonly wire: Wire;

  private constructor(wire: Wire) {
    this.wire = wire;
  }

  static async open(address: string | undefined): Promise<Socks5Wire> {
    if (address === undefined) throw new Error('no SOCKS5 listener');
    return new Socks5Wire(await Wire.open(address));
  }

  /** Offers methods; gives the answer. */
  async greet(methods: readonly number[] = [2]): Promise<Buffer> {
    this.wire.send(Buffer.from([5, methods.length, ...methods]));
    return this.wire.bytes(2);
  }

  /** Greets and signs in; gives the answer to the latter. */
  async signIn(username: string, password: string): Promise<Buffer> {
    await this.greet();
    this.wire.send(signInMessage(username, password));
    return this.wire.bytes(2);
  }

  /** Asks for a destination; gives the answer. */
  async request(host: string, port: number, command?: number): Promise<Buffer> {
    this.wire.send(requestMessage(host, port, command));
    return this.wire.bytes(10);
  }
}
