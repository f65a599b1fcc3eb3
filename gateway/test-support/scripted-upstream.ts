import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TestCertificate } from './certificates.ts';

/** What an upstream proxy does with a connection. It may throw once the connection has ended. */
export type UpstreamScript = (client: UpstreamClient) => Promise<void>;

/** The other side of an upstream proxy's connection. */
export class UpstreamClient {
  readonly socket: Socket;
  readonly #ended: Promise<unknown>;

  constructor(socket: Socket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    socket.on('end', resolve);
    socket.on('close', () => {
      resolve();
    });
    socket.on('error', () => {});
  }

  /** Reads exactly so many bytes. Errors: rejects when the connection ends before. */
  async take(count: number): Promise<Buffer> {
    let read = Buffer.alloc(0);
    while (read.length < count) {
      const bytes: unknown = this.socket.read();
      if (bytes instanceof Buffer) read = Buffer.concat([read, bytes]);
      else if (this.socket.readableEnded || this.socket.destroyed) throw new Error('the connection has ended');
      else await Promise.race([once(this.socket, 'readable'), this.#ended]);
    }
    if (read.length > count) this.socket.unshift(read.subarray(count));
    return read.subarray(0, count);
  }

  /** Reads a head up to its empty line. */
  async takeHead(): Promise<string> {
    let text = '';
    while (!text.endsWith('\r\n\r\n')) text += (await this.take(1)).toString('latin1');
    return text;
  }

  /** Sends the bytes one by one, each in a packet of its own. */
  async trickle(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      await this.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async send(bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve) => {
      this.socket.write(bytes, () => {
        resolve();
      });
    });
  }
}

/** An upstream proxy in this process, which does as its script says. */
export class ScriptedUpstream implements AsyncDisposable {
  readonly port: number;
  readonly sockets = new Set<Socket>();
  /** Server names that TLS clients asked for. */
  readonly serverNames: (string | undefined)[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** `tls`: speaks TLS with this certificate. */
  static async start(script: UpstreamScript, tls?: TestCertificate): Promise<ScriptedUpstream> {
    const server =
      tls === undefined
        ? createServer({ allowHalfOpen: true, noDelay: true })
        : createTlsServer({ allowHalfOpen: true, noDelay: true, cert: tls.certificate, key: tls.key });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const upstream = new ScriptedUpstream(server, typeof address === 'object' && address !== null ? address.port : 0);
    server.prependListener('connection', (socket: Socket) => {
      // Whoever goes away in the handshake of TLS is let go at once.
      socket.allowHalfOpen = tls === undefined;
      upstream.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => upstream.sockets.delete(socket));
    });
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket & { servername?: string }) => {
      socket.allowHalfOpen = true;
      if (tls !== undefined) upstream.serverNames.push(socket.servername);
      script(new UpstreamClient(socket)).catch(() => {});
    });
    return upstream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
