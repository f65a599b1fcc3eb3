import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import type { Transport } from '@marvel/shared/exit';
import type { Dialled, Dialling, Leg } from './leg.ts';
import { type ListenAddress, type Listener, nobody, openListener } from './listener.ts';
import type { DnsCache, NameAnswer } from './dns-cache.ts';
import { type BufferedReading, findInstallReading, type InstallReading } from './node-internals.ts';
import { ReadBuffers } from './read-buffers.ts';
import { SocketLeg } from './socket-leg.ts';
import type { Sockets } from './sockets.ts';

/** How long one address of several has before Node gives it up for the next, ms: exits may be half a world away. */
const attemptTimeoutMs = 2000;

/** Connections over Node's own sockets. */
export class NodeSockets implements Sockets {
  readonly kind = 'node';
  readonly #exitTrust: SecureContext;
  readonly #lookup: LookupFunction;
  readonly #install: InstallReading | undefined;
  readonly #buffers = new ReadBuffers();

  private constructor(exitTrust: SecureContext, names: DnsCache, install: InstallReading | undefined) {
    this.#exitTrust = exitTrust;
    this.#lookup = lookupIn(names);
    this.#install = install;
  }

  /** `exitTrust`: what the certificate of an exit with TLS is checked against. `names`: where names of exits are looked up. */
  static async open(exitTrust: SecureContext, names: DnsCache): Promise<NodeSockets> {
    return new NodeSockets(exitTrust, names, await findInstallReading());
  }

  async listen(listen: ListenAddress, onLeg: (leg: Leg) => void): Promise<Listener> {
    return openListener(listen, (socket) => {
      onLeg(SocketLeg.ofAccepted(socket, nobody, this.#buffers, this.#install));
    });
  }

  dial(transport: Transport, dialling: Dialling): Dialled {
    const leg = new SocketLeg(dialling, this.#buffers, (reading) =>
      this.#open(transport, reading, () => {
        leg.noteConnected();
        dialling.onConnect(leg);
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

  #open({ host, port, tls }: Transport, reading: BufferedReading, onConnect: () => void): Socket {
    const options = {
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      lookup: this.#lookup,
      autoSelectFamilyAttemptTimeout: attemptTimeoutMs,
    };
    const secureContext = this.#exitTrust;
    // The name an exit has to prove is the one it is dialled by. An address is no server name. Source: RFC 6066 section 3.
    if (tls) return connectTls({ ...options, secureContext, servername: isIP(host) === 0 ? host : '' }, onConnect);
    return connect({ ...options, onread: reading }, onConnect);
  }
}

/** Look-ups as Node's sockets ask for them, which then try the addresses themselves. */
function lookupIn(names: DnsCache): LookupFunction {
  return (name, { all }, callback) => {
    const answer = ({ addresses, error }: NameAnswer): void => {
      const [first = ''] = addresses ?? [];
      if (error !== undefined) callback(error, '');
      else if (all === true)
        callback(
          null,
          addresses.map((address) => ({ address, family: isIP(address) })),
        );
      else callback(null, first, isIP(first));
    };
    const addresses = names.known(name);
    if (addresses === undefined) names.learn(name, answer);
    else process.nextTick(answer, { addresses });
  };
}
