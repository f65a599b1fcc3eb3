import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** What it does with a CONNECT. `pretender`: opens a tunnel to an origin that claims another exit. */
type Behaviour = 'silent' | 'hang-up' | 'stranger' | 'pretender';

/** A proxy that is none of ours, for what a gateway never does. */
export interface FakeProxy extends AsyncDisposable {
  /** `host:port` */
  readonly address: string;
  behave(behaviour: Behaviour): void;
}

const opened =
  'HTTP/1.1 200 Connection established\r\nX-Marvel-Request-Id: req-fake\r\nX-Marvel-Exit-IP: 198.51.100.7\r\n\r\n';
const page =
  'HTTP/1.1 200 OK\r\nX-Marvel-Exit-IP: 203.0.113.1\r\nX-Marvel-Exit-Country: XX\r\nX-Other: kept\r\nContent-Length: 5\r\n\r\nhello';

export async function startFakeProxy(): Promise<FakeProxy> {
  let behaviour: Behaviour = 'silent';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let heads = 0;
    socket.on('data', () => {
      heads += 1;
      if (behaviour === 'hang-up') socket.destroy();
      if (behaviour === 'stranger') socket.end('HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n');
      if (behaviour === 'pretender') socket.write(heads === 1 ? opened : page);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new TypeError('it listens on a port');
  return {
    address: `127.0.0.1:${bound.port}`,
    behave(next) {
      behaviour = next;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
