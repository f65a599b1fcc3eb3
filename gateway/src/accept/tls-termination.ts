import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { KeyPair } from './tls-files.ts';

/** Who hears what becomes of connections that begin with TLS. */
export interface TlsEvents {
  readonly onSecure: (socket: TLSSocket) => void;
  /** A client went away, took too long, or does not agree with us on TLS. */
  readonly onFailed: () => void;
}

/** Makes TLS of accepted connections. What it was given to show can change at any time: connections that stand go on. */
export class TlsTermination {
  readonly #server: Server;

  /** `handshakeTimeoutMs`: how long a client has for its part of the handshake. */
  constructor(pair: KeyPair, handshakeTimeoutMs: number, events: TlsEvents) {
    // It never listens: connections are put into it, so that they are accepted and counted as all others are.
    this.#server = createServer({ cert: pair.certificate, key: pair.key, handshakeTimeout: handshakeTimeoutMs });
    this.#server.on('secureConnection', (socket) => {
      socket.allowHalfOpen = true;
      events.onSecure(socket);
    });
    this.#server.on('tlsClientError', (_error, socket) => {
      socket.destroy();
      events.onFailed();
    });
  }

  /** Takes over an accepted connection. */
  take(socket: Socket): void {
    // Whoever goes away in the handshake is let go at once; from then on each direction ends by itself.
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
  }

  /** Shows another certificate from the next handshake on. */
  show(pair: KeyPair): void {
    this.#server.setSecureContext({ cert: pair.certificate, key: pair.key });
  }
}
