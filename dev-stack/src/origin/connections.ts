import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';

/** One TCP connection as the origin's kernel counted it. */
export interface OriginConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Everything that arrived, HTTP heads included. */
  readonly bytesRead: number;
  /** Everything that was sent. Exact unless `failed`: then up to what was still queued in this process too much. */
  readonly bytesWritten: number;
  readonly closed: boolean;
  /** True when it ended by a reset or another error, and not by a FIN. */
  readonly failed: boolean;
}

/** The connections that one or more origins have seen, for tests that compare bytes to the last one. */
export interface ConnectionCounter {
  /** Counts every connection that the server accepts from now on. */
  watch(server: Server): void;
  /** The last 20,000, in the order in which they were accepted. */
  list(): readonly OriginConnection[];
  /** Gives the final counts of the newest connection from a remote port, once it has closed. */
  closed(remotePort: number): Promise<OriginConnection>;
  /** Speaks of each connection as it opens and when it has closed. */
  readonly events: EventEmitter<{ open: [OriginConnection]; close: [OriginConnection] }>;
}

const maxConnections = 20_000;

/** A connection in the list: looked up while it is open, fixed when it has closed. */
interface Entry {
  look: () => OriginConnection;
}

/** Holds on to the counts alone; a closure made beside the socket would keep the socket too. */
function fixed(connection: OriginConnection): Entry['look'] {
  return () => connection;
}

/** Opens a counter that has seen nothing yet. */
export function createConnectionCounter(): ConnectionCounter {
  const events: ConnectionCounter['events'] = new EventEmitter();
  events.setMaxListeners(0); // each waiting test is one; they end with their connection
  const entries: Entry[] = [];

  function count(socket: Socket): void {
    const { remoteAddress = '', remotePort = 0 } = socket;
    const look = (): OriginConnection => {
      const { bytesRead, bytesWritten } = socket;
      return { remoteAddress, remotePort, bytesRead, bytesWritten, closed: false, failed: false };
    };
    const entry: Entry = { look };
    socket.once('close', (failed: boolean) => {
      const final = { ...look(), closed: true, failed };
      entry.look = fixed(final);
      events.emit('close', final);
    });
    entries.push(entry);
    if (entries.length > maxConnections) entries.shift();
    events.emit('open', look());
  }

  return {
    watch(server) {
      server.on('connection', count);
    },
    list: () => entries.map((entry) => entry.look()),
    closed: async (remotePort) =>
      new Promise((resolve) => {
        const found = entries.findLast((entry) => entry.look().remotePort === remotePort)?.look();
        if (found?.closed === true) return resolve(found);
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
