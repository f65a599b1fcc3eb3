import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import type { Transport } from '@marvel/shared/exit';
import type { Dialling, Leg } from './leg.ts';
import { type ListenAddress, type Listener, nobody, openListener } from './listener.ts';
import { type BufferedReading, findInstallReading, type InstallReading } from './node-internals.ts';
import { ReadBuffers } from './read-buffers.ts';
import { SocketLeg } from './socket-leg.ts';
import type { Sockets } from './sockets.ts';

/** Connections over Node's own sockets. */
export class NodeSockets implements Sockets {
  readonly kind = 'node';
  readonly #exitTrust: SecureContext;
  readonly #install: InstallReading | undefined;
  readonly #buffers = new ReadBuffers();

  private constructor(exitTrust: SecureContext, install: InstallReading | undefined) {
    this.#exitTrust = exitTrust;
    this.#install = install;
  }

  /** `exitTrust`: what the certificate of an exit with TLS is checked against. */
  static async open(exitTrust: SecureContext): Promise<NodeSockets> {
    return new NodeSockets(exitTrust, await findInstallReading());
  }

  async listen(listen: ListenAddress, onLeg: (leg: Leg) => void): Promise<Listener> {
    return openListener(listen, (socket) => {
      onLeg(SocketLeg.ofAccepted(socket, nobody, this.#buffers, this.#install));
    });
  }

  dial(transport: Transport, dialling: Dialling): Leg {
    const leg = new SocketLeg(dialling, this.#buffers, (reading) =>
      openSocket(transport, this.#exitTrust, reading, () => {
        leg.noteConnected();
        dialling.onConnect();
      }),
    );
    return leg;
  }

  ofTls(socket: TLSSocket): Leg {
    return SocketLeg.ofAccepted(socket, nobody, this.#buffers, undefined);
  }

  tidy(): void {
    // The spare buffers are bounded, and memory, not descriptors.
  }
}

function openSocket(
  { host, port, tls }: Transport,
  secureContext: SecureContext,
  reading: BufferedReading,
  onConnect: () => void,
): Socket {
  const options = { host, port, allowHalfOpen: true, noDelay: true };
  // The name an exit has to prove is the one it is dialled by. An address is no server name. Source: RFC 6066 section 3.
  if (tls) return connectTls({ ...options, secureContext, servername: isIP(host) === 0 ? host : '' }, onConnect);
  return connect({ ...options, onread: reading }, onConnect);
}
