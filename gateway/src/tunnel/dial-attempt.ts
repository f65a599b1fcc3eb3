import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import type { Transport } from '@marvel/shared/exit';
import type { DialFault } from './dial-fault.ts';
import type { Handshake } from './handshake.ts';
import { Leg, type LegReceiver } from './leg.ts';
import type { BufferedReading } from './node-internals.ts';
import type { ReadBuffers } from './read-buffers.ts';

/** A way to the destination. */
export interface OpenedExit {
  readonly leg: Leg;
  /** What the exit sent after its answer. */
  readonly glued: Buffer;
  /** From the first packet to the exit's answer. */
  readonly latencyMs: number;
}

/** What connections to exits are made with. */
export interface DialMeans {
  readonly buffers: ReadBuffers;
  /** What the certificate of an exit with TLS is checked against. */
  readonly exitTrust: SecureContext;
}

/** Who hears what became of an attempt, once; maybe from inside of the read that told. */
export interface AttemptOwner {
  opened(exit: OpenedExit): void;
  /** The socket is closed. `wasReached`: the exit had taken the connection. */
  failed(fault: DialFault, wasReached: boolean): void;
}

/** How long one attempt may take, in ms. */
export interface AttemptTimes {
  /** Until the exit has taken the connection (and TLS stands). */
  readonly connectTimeoutMs: number;
  /** Until it has answered; at least `connectTimeoutMs`. */
  readonly timeoutMs: number;
}

/** Error codes that tell of a lack on this side. */
const ownLacks: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);
const nothing = Buffer.alloc(0);

/** One attempt to be let through by one exit: from the first packet to its answer. */
export class DialAttempt implements LegReceiver {
  readonly #owner: AttemptOwner;
  readonly #handshake: Handshake;
  readonly #times: AttemptTimes;
  readonly #startedAtMs = performance.now();
  readonly #leg: Leg;
  #timer: NodeJS.Timeout;
  #isConnected = false;
  #isSettled = false;

  constructor(transport: Transport, handshake: Handshake, times: AttemptTimes, means: DialMeans, owner: AttemptOwner) {
    this.#owner = owner;
    this.#handshake = handshake;
    this.#times = times;
    this.#leg = new Leg(this, means.buffers, (reading) => {
      return openSocket(transport, means.exitTrust, reading, this.#onConnect);
    });
    this.#timer = setTimeout(onTimeout, times.connectTimeoutMs, this);
  }

  /** Gives up: the client has gone. */
  abandon(): void {
    this.#fail('abandoned');
  }

  onBytes(bytes: Buffer): boolean {
    if (this.#isSettled) return false;
    const event = this.#handshake.push(bytes);
    if (event.kind === 'more') return true;
    if (event.kind === 'send') {
      this.#leg.socket.write(event.bytes);
      return true;
    }
    if (event.kind === 'failed') {
      this.#fail(event.fault);
      return false;
    }
    this.#isSettled = true;
    clearTimeout(this.#timer);
    const leg = this.#leg;
    const glued = event.restAt === bytes.length ? nothing : Buffer.from(bytes.subarray(event.restAt));
    this.#owner.opened({ leg, glued, latencyMs: performance.now() - this.#startedAtMs });
    // Whatever comes next is for the tunnel, which may have stopped the reading, or not.
    return leg.receiver !== this && !leg.isStopped;
  }

  onEnd(): void {
    this.#fail('exit');
  }

  onClose(error: NodeJS.ErrnoException | undefined): void {
    this.#fail(ownLacks.has(error?.code) ? 'overloaded' : 'exit');
  }

  onTimeout(): void {
    const leftMs = this.#times.timeoutMs - (performance.now() - this.#startedAtMs);
    if (this.#isConnected && leftMs > 0) this.#timer = setTimeout(onTimeout, leftMs, this);
    else this.#fail('timeout');
  }

  readonly #onConnect = (): void => {
    this.#isConnected = true;
    this.#leg.noteConnected();
    this.#leg.socket.write(this.#handshake.request, 'latin1');
  };

  #fail(fault: DialFault): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#leg.socket.destroy();
    this.#owner.failed(fault, this.#isConnected);
  }
}

function onTimeout(attempt: DialAttempt): void {
  attempt.onTimeout();
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
