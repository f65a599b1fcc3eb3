import { connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openListener } from '../listener.ts';

/** A TCP path to one port of 127.0.0.1 that can be cut, healed and made slow. */
export interface Link extends AsyncDisposable {
  readonly port: number;
  /** Resets every connection, and each new one until `heal`. */
  cut(): void;
  heal(): void;
  /** Holds everything that arrives later for so long before it passes on, in both directions; 0 ends it. */
  delay(delayMs: number): void;
}

/** Passes chunks on in order, each held for the delay of its moment. */
async function* hold(from: Socket, delayMs: () => number): AsyncGenerator {
  // The socket outlives what it has to say: the other way may go on.
  for await (const chunk of from.iterator({ destroyOnReturn: false })) {
    if (delayMs() > 0) await sleep(delayMs());
    yield chunk;
  }
}

/** Opens a path from a free port to `targetPort`. */
export async function openLink(targetPort: number): Promise<Link> {
  let isCut = false;
  let currentDelayMs = 0;
  const sockets = new Set<Socket>();

  function watch(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    watch(client);
    if (isCut) {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ host: '127.0.0.1', port: targetPort, allowHalfOpen: true, noDelay: true });
    watch(target);
    Promise.all([
      pipeline(
        hold(client, () => currentDelayMs),
        target,
      ),
      pipeline(
        hold(target, () => currentDelayMs),
        client,
      ),
    ]).catch(() => {
      // Either side broke off, and takes the other with it.
      client.destroy();
      target.destroy();
    });
  });
  const listener = await openListener(server, { port: 0 });

  return {
    port: listener.port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    heal() {
      isCut = false;
    },
    delay(delayMs) {
      currentDelayMs = delayMs;
    },
    [Symbol.asyncDispose]: async () => listener[Symbol.asyncDispose](),
  };
}
