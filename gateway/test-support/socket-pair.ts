import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** The two ends of one TCP connection over loopback. */
export interface SocketPair {
  readonly accepted: Socket;
  readonly connecting: Socket;
}

/** Connects two sockets, both half-open capable. `dial` makes the connecting one, where the test wants to do that itself. */
export async function socketPair(
  dial: (port: number) => Socket = (port) => connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true }),
): Promise<SocketPair> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not bound to an IP address');
  const accepting = Promise.withResolvers<Socket>();
  server.once('connection', accepting.resolve);
  const connecting = dial(address.port);
  await once(connecting, 'connect');
  const accepted = await accepting.promise;
  server.close();
  return { accepted, connecting };
}
