import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An HTTP answer as it was on the wire. */
export interface WireAnswer {
  readonly statusLine: string;
  readonly status: number;
  readonly reason: string;
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
  readonly text: string;
}

/** How a connection ended: by the other side's FIN, or by a reset. */
export type WireEnd = 'fin' | 'reset';

/** Between two bytes of a client that is as slow as it can be. */
const dripMs = 5;

/** A raw TCP client that reads what a test asks for, and no more than the kernel and one stream buffer beyond it. */
export class Wire {
  readonly socket: Socket;
  /** How the other side ended the connection. */
  readonly ended: Promise<WireEnd>;
  /** Resolves when the socket is gone, whoever ended it. */
  readonly closed: Promise<unknown>;

  private constructor(socket: Socket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<WireEnd>();
    this.ended = promise;
    this.closed = new Promise((done) => socket.once('close', done));
    socket.on('end', () => {
      resolve('fin');
    });
    socket.on('error', () => {
      resolve('reset');
    });
  }

  /** A client over a connection that the test has made. */
  static over(socket: Socket): Wire {
    return new Wire(socket);
  }

  /** Connects to `host:port`. */
  static async open(address: string): Promise<Wire> {
    const colon = address.lastIndexOf(':');
    const socket = connect({
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      allowHalfOpen: true,
    });
    const wire = Wire.over(socket);
    await once(socket, 'connect');
    return wire;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends a byte again and again, a few milliseconds apart, until the other side has ended the connection. */
  drip(byte: string): void {
    const dripping = setInterval(() => {
      if (this.socket.writable) this.send(byte);
    }, dripMs);
    const stop = (): void => {
      clearInterval(dripping);
    };
    this.socket.once('end', stop).once('close', stop);
  }

  /** Reads exactly so many bytes. Errors: rejects when the connection ends before. */
  async bytes(count: number): Promise<Buffer> {
    let read = Buffer.alloc(0);
    while (read.length < count) {
      const chunk: unknown = this.socket.read();
      if (chunk instanceof Buffer) read = Buffer.concat([read, chunk]);
      else if (this.socket.readableEnded || this.socket.destroyed) {
        throw new Error(`the connection ended after ${read.length} of ${count} bytes`);
      } else await Promise.race([once(this.socket, 'readable'), this.ended]);
    }
    if (read.length > count) this.socket.unshift(read.subarray(count));
    return read.subarray(0, count);
  }

  /** Reads a head up to its empty line. */
  async head(): Promise<string> {
    let text = '';
    while (!text.endsWith('\r\n\r\n')) text += (await this.bytes(1)).toString('latin1');
    return text;
  }

  /** Reads an answer with the body that its Content-Length announces. */
  async answer(): Promise<WireAnswer> {
    const head = await this.head();
    const [statusLine = '', ...lines] = head.slice(0, -4).split('\r\n');
    const fields = new Map(
      lines.map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const body = (await this.bytes(Number(fields.get('content-length') ?? 0))).toString('utf8');
    const [, status = '', reason = ''] = /^HTTP\/1\.1 ([0-9]{3}) (.*)$/.exec(statusLine) ?? [];
    return { statusLine, status: Number(status), reason, fields, body, text: head + body };
  }

  /** Reads until the other side ends; gives how many bytes came and how it ended. */
  async drain(): Promise<{ readonly bytes: number; readonly end: WireEnd }> {
    let bytes = 0;
    this.socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    return { end: await this.ended, bytes };
  }

  /** Sends our FIN. */
  finish(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A CONNECT request. */
export function connectRequest(
  destination: string,
  options: { readonly key?: string; readonly target?: string; readonly fields?: string } = {},
): string {
  const { key, target = 'country-US', fields = '' } = options;
  const credentials =
    key === undefined ? '' : `Proxy-Authorization: Basic ${Buffer.from(`${key}:${target}`).toString('base64')}\r\n`;
  return `CONNECT ${destination} HTTP/1.1\r\nHost: ${destination}\r\n${credentials}${fields}\r\n`;
}
