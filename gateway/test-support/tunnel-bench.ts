import { deepStrictEqual, fail, strictEqual } from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import type { Principal } from '../src/admission.ts';
import type { Spender } from '../src/spender.ts';
import { Leg, type LegReceiver } from '../src/tunnel/leg.ts';
import { findInstallReading } from '../src/tunnel/node-internals.ts';
import { ReadBuffers } from '../src/tunnel/read-buffers.ts';
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
const ignored: LegReceiver = { onBytes: () => true, onEnd: () => {}, onClose: () => {} };
const nothing = Buffer.alloc(0);
/** `undefined` would mean that this Node reads accepted sockets by `data` events only. */
export const installReading = await findInstallReading();

/** Both ways in which sockets are read. */
export const readingModes = ['buffers', 'events'] as const;

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
    const buffers = new ReadBuffers();
    const near = await socketPair();
    const client = Leg.ofAccepted(near.accepted, ignored, buffers, mode === 'buffers' ? installReading : undefined);
    let exit: Leg | undefined;
    const far = await socketPair((port) => {
      const options = { port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true };
      exit =
        mode === 'buffers'
          ? new Leg(ignored, buffers, (onread) => connect({ ...options, onread }))
          : Leg.ofAccepted(connect(options), ignored, buffers, undefined);
      return exit.socket;
    });
    if (exit === undefined) throw new Error('no leg');
    exit.noteConnected();
    client.noteConnected();
    const bench = new TunnelBench(near.connecting, far.accepted, { client, exit });
    return bench;
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
