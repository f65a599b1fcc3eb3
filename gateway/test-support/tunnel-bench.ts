import { deepStrictEqual, fail, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Principal } from '../src/admission.ts';
import type { Dialling, Leg } from '../src/sockets/leg.ts';
import { openNativeListener } from '../src/sockets/native-listener.ts';
import { NativeLeg } from '../src/sockets/native-leg.ts';
import { nativeEngine } from '../src/sockets/native-sockets.ts';
import { findInstallReading } from '../src/sockets/node-internals.ts';
import { ReadBuffers } from '../src/sockets/read-buffers.ts';
import { SocketLeg } from '../src/sockets/socket-leg.ts';
import type { Spender } from '../src/spender.ts';
import { Tunnel, type TunnelEnd } from '../src/tunnel/tunnel.ts';
import { type CountedSpender, CountingMeter } from './counting-meter.ts';
import { eventually } from './event-log.ts';
import { socketPair } from './socket-pair.ts';

const owner: Principal = {
  accountThreads: null,
  account: 'acc_0001',
  credential: 'key_0001',
  proof: { kind: 'key', digest: new Uint8Array() },
  limits: {},
  expiresAtMs: Number.POSITIVE_INFINITY,
  isTest: false,
  budgets: ['acc_0001'],
};
const spending = {
  account: owner.account,
  credential: owner.credential,
  budgets: owner.budgets,
  exit: 'ext_0001',
  country: 'US',
  network: 'residential',
  dialect: 'marvel',
} as const;
const ignored: Dialling = { onBytes: () => true, onEnd: () => {}, onClose: () => {}, onConnect: () => {} };
const nothing = Buffer.alloc(0);
const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));
/** `undefined` would mean that this Node reads accepted sockets by `data` events only. */
export const installReading = await findInstallReading();

/** The ways in which connections are read. */
export const readingModes = ['native sockets', 'buffers', 'events'] as const;

/** A tunnel between two connections of which the test holds the far ends, and the books on it. */
export class TunnelBench implements Disposable {
  readonly client: Socket;
  readonly origin: Socket;
  readonly tunnel: Tunnel;
  readonly meter = new CountingMeter();
  end: TunnelEnd | undefined;

  private constructor(client: Socket, origin: Socket, legs: { readonly client: Leg; readonly exit: Leg }) {
    this.client = client;
    this.origin = origin;
    for (const socket of [client, origin]) socket.on('error', () => {});
    this.tunnel = new Tunnel(owner, legs.client, legs.exit, {
      tunnelEnded: (_tunnel, end) => {
        if (this.end !== undefined) throw new Error('ended twice');
        this.end = end;
      },
    });
  }

  static async open(mode: (typeof readingModes)[number]): Promise<TunnelBench> {
    return mode === 'native sockets' ? TunnelBench.#openNative() : TunnelBench.#openOnSockets(mode);
  }

  static async #openOnSockets(mode: 'buffers' | 'events'): Promise<TunnelBench> {
    const buffers = new ReadBuffers();
    const near = await socketPair();
    const install = mode === 'buffers' ? installReading : undefined;
    const client = SocketLeg.ofAccepted(near.accepted, ignored, buffers, install);
    let exit: SocketLeg | undefined;
    const far = await socketPair((port) => {
      const options = { port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true };
      let socket: Socket | undefined;
      exit = new SocketLeg(ignored, buffers, (onread) => {
        socket = connect(mode === 'buffers' ? { ...options, onread } : options);
        return socket;
      });
      if (mode === 'events') socket?.on('data', (bytes: Buffer) => exit?.takeData(bytes));
      return socket ?? fail('no socket');
    });
    if (exit === undefined) throw new Error('no leg');
    exit.noteConnected();
    return new TunnelBench(near.connecting, far.accepted, { client, exit });
  }

  static async #openNative(): Promise<TunnelBench> {
    const engine = nativeEngine();
    const accepted = Promise.withResolvers<Leg>();
    const listener = await openNativeListener(engine, { host: '127.0.0.1', port: 0 }, accepted.resolve);
    const client = connect({ host: '127.0.0.1', port: portOf(listener.address), allowHalfOpen: true, noDelay: true });
    const connected = Promise.withResolvers<Leg>();
    const server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const coming = Promise.withResolvers<Socket>();
    server.once('connection', coming.resolve);
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('not bound to an IP address');
    const exit = NativeLeg.dial(engine, '127.0.0.1', address.port, { ...ignored, onConnect: connected.resolve });
    const origin = await coming.promise;
    await connected.promise;
    const leg = await accepted.promise;
    listener.close();
    server.close();
    return new TunnelBench(client, origin, { client: leg, exit });
  }

  get spender(): CountedSpender {
    const [spender] = this.meter.spenders;
    if (spender === undefined) throw new Error('not started');
    return spender;
  }

  start(early: Buffer = nothing, glued: Buffer = nothing): Spender {
    const spender = this.meter.openSpender(spending, this.tunnel);
    this.tunnel.start(spender, early, glued);
    return spender;
  }

  /** Waits for the end and checks the books: each byte taken was recorded or given back, and the spender ended once. */
  async ended(): Promise<TunnelEnd> {
    const end = await eventually(() => this.end ?? fail('the tunnel has not ended'));
    const { spender } = this;
    strictEqual(spender.ends, 1);
    deepStrictEqual([spender.bytesUp, spender.bytesDown], [end.bytesUp, end.bytesDown]);
    strictEqual(spender.takenBytes - spender.untakenBytes, end.bytesUp + end.bytesDown);
    return end;
  }

  [Symbol.dispose](): void {
    this.tunnel.cut('shutdown');
    this.client.destroy();
    this.origin.destroy();
  }
}
