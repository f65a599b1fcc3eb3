import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';

/** One TCP connection as the origin's kernel counted it. */
export interface OriginConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly open: boolean;
  /** Everything that arrived, HTTP heads included. */
  readonly bytesRead: number;
  /** Everything that was sent. Exact unless `failed`: then up to what was still queued in this process too much. */
  readonly bytesWritten: number;
  /** True when it ended by a reset or another error, and not by a FIN. */
  readonly failed: boolean;
}

/** The connections that an origin has seen, for tests that compare bytes to the last one. */
export interface OriginConnections {
  /** Open ones and the last 20,000 closed ones, oldest first. */
  list(): readonly OriginConnection[];
  /** Gives the final counts of the newest connection from a remote port, once it has closed. */
  closed(remotePort: number): Promise<OriginConnection>;
  /** Speaks of each connection as it opens and when it has closed. */
  readonly events: EventEmitter<{ open: [OriginConnection]; close: [OriginConnection] }>;
}

const MAX_CLOSED = 20_000;

/** Counts every connection of a server from now on. */
export function countConnections(server: Server): OriginConnections {
  const events: OriginConnections['events'] = new EventEmitter();
  events.setMaxListeners(0); // each waiting test is one; they end with their connection
  const open = new Map<Socket, () => OriginConnection>();
  const closed: OriginConnection[] = [];

  server.on('connection', (socket: Socket) => {
    const { remoteAddress = '', remotePort = 0 } = socket;
    const look = (state: Pick<OriginConnection, 'open' | 'failed'>): OriginConnection => {
      const { bytesRead, bytesWritten } = socket;
      return { remoteAddress, remotePort, bytesRead, bytesWritten, ...state };
    };
    open.set(socket, () => look({ open: true, failed: false }));
    socket.once('close', (failed: boolean) => {
      open.delete(socket);
      const final = look({ open: false, failed });
      closed.push(final);
      if (closed.length > MAX_CLOSED) closed.shift();
      events.emit('close', final);
    });
    events.emit('open', look({ open: true, failed: false }));
  });

  function isOpen(remotePort: number): boolean {
    return [...open.keys()].some((socket) => socket.remotePort === remotePort);
  }

  return {
    list: () => [...closed, ...[...open.values()].map((look) => look())],
    closed: async (remotePort) =>
      new Promise((resolve) => {
        const found = closed.findLast((connection) => connection.remotePort === remotePort);
        if (found !== undefined && !isOpen(remotePort)) return resolve(found);
        function onClose(connection: OriginConnection): void {
          if (connection.remotePort !== remotePort) return;
          events.off('close', onClose);
          resolve(connection);
        }
        events.on('close', onClose);
      }),
    events,
  };
}
