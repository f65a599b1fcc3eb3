import { once } from 'node:events';
import type { Server, Socket } from 'node:net';

/** Where a part listens. Port 0 lets the system choose; the part reports what it got. */
export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
}

/** A listening server that can go down and come back on the same port, as a part under fault injection does. */
export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Listens again on the same port. Nothing happens when it already listens. */
  start(): Promise<void>;
  /** Stops listening and cuts every open connection. Nothing happens when it is already down. */
  stop(): Promise<void>;
}

/** More sockets than any test or benchmark of the stack opens; past it new connections are dropped by the server. */
const maxConnections = 20_000;

/**
 * Makes a server listen and gives the switch to take it down and bring it back.
 *
 * Errors: rejects with Node's `EADDRINUSE` or `EACCES` when the port cannot be had; `checkPorts` says so beforehand.
 */
export async function openListener(server: Server, options: ListenOptions): Promise<Listener> {
  const host = options.host ?? '127.0.0.1';
  const sockets = new Set<Socket>();
  server.maxConnections = maxConnections;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function listen(port: number): Promise<number> {
    server.listen({ host, port });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has no TCP address');
    return address.port;
  }

  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  const port = await listen(options.port);
  return {
    host,
    port,
    async start() {
      if (!server.listening) await listen(port);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
