import type { Transport } from '@marvel/shared/exit';
import type { Dialled, Dialling, Leg } from '../sockets/leg.ts';
import type { Sockets } from '../sockets/sockets.ts';
import type { DialFault } from './dial-fault.ts';
import type { Handshake } from './handshake.ts';

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
  readonly sockets: Pick<Sockets, 'dial'>;
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
export class DialAttempt implements Dialling {
  readonly #owner: AttemptOwner;
  readonly #handshake: Handshake;
  readonly #times: AttemptTimes;
  readonly #startedAtMs = performance.now();
  readonly #dialled: Dialled;
  /** Once the exit has taken the connection. */
  #leg: Leg | undefined;
  #timer: NodeJS.Timeout;
  #isSettled = false;

  constructor(transport: Transport, handshake: Handshake, times: AttemptTimes, means: DialMeans, owner: AttemptOwner) {
    this.#owner = owner;
    this.#handshake = handshake;
    this.#times = times;
    this.#dialled = means.sockets.dial(transport, this);
    this.#timer = setTimeout(onTimeout, times.connectTimeoutMs, this);
  }

  /** Gives up: the client has gone. */
  abandon(): void {
    this.#fail('abandoned');
  }

  onBytes(bytes: Buffer): boolean {
    const leg = this.#leg;
    if (this.#isSettled || leg === undefined) return false;
    const event = this.#handshake.push(bytes);
    if (event.kind === 'more') return true;
    if (event.kind === 'send') {
      leg.write(event.bytes);
      return true;
    }
    if (event.kind === 'failed') {
      this.#fail(event.fault);
      return false;
    }
    this.#isSettled = true;
    clearTimeout(this.#timer);
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
    if (this.#leg !== undefined && leftMs > 0) this.#timer = setTimeout(onTimeout, leftMs, this);
    else this.#fail('timeout');
  }

  onConnect(leg: Leg): void {
    this.#leg = leg;
    leg.write(this.#handshake.request);
  }

  #fail(fault: DialFault): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    (this.#leg ?? this.#dialled).destroy();
    this.#owner.failed(fault, this.#leg !== undefined);
  }
}

function onTimeout(attempt: DialAttempt): void {
  attempt.onTimeout();
}
