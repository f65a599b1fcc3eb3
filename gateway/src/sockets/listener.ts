import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { LegReceiver } from './leg.ts';

/** Where to listen. Port 0 is any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Whether other processes may listen there too; the kernel then spreads the connections over all. */
  readonly reusePort?: boolean;
}

/** One open listening socket. */
export interface Listener {
  /** `host:port`, IPv6 in brackets. */
  readonly address: string;
  /** Stops accepting; connections already accepted go on. Later calls do nothing. */
  close(): void;
}

/** Nobody yet: whoever is given the leg takes its place before anything is read. */
export const nobody: LegReceiver = { onBytes: () => false, onEnd: () => {}, onClose: () => {} };
/** Connections that wait in the kernel while the process is busy. */
export const backlog = 4096;

/**
 * Opens a listener whose sockets are half-open capable and without delay.
 *
 * Running out of file descriptors is survived: libuv holds one in reserve, with which it takes and closes what it cannot
 * serve, and goes on accepting. Errors: rejects when the address cannot be bound; after that the listener is silent.
 */
export async function openListener(listen: ListenAddress, onSocket: (socket: Socket) => void): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onSocket);
  const { host, port, reusePort = false } = listen;
  server.listen({ host, port, backlog, reusePort });
  await once(server, 'listening');
  // An accept that fails tells of a client that went away, or of a lack that passes.
  server.on('error', () => {});
  return {
    address: addressOf(server),
    close() {
      if (server.listening) server.close();
    },
  };
}

function addressOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new TypeError('not bound to an IP address');
  return formatAddress(bound.address, bound.port);
}

export function formatAddress(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
