import type { Seat } from '@marvel/shared/roster';
import type { Principal } from '../admission.ts';
import type { Leg } from '../sockets/leg.ts';
import type { Spender, SpenderEvents } from '../spender.ts';
import type { EndReason } from '../tunnel-end.ts';
import { Flow, type FlowOwner } from './flow.ts';
import type { LiveTunnel, TunnelTimes } from './live-tunnel.ts';

/** How a tunnel ended, and what went through it. */
export interface TunnelEnd {
  readonly reason: EndReason;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** Who hears of the end of a tunnel; once, from whatever ends it. */
export interface TunnelOwner {
  tunnelEnded(tunnel: Tunnel, end: TunnelEnd): void;
}

/** A client's connection and an exit's, joined: two flows under one set of budgets, ended as one. */
export class Tunnel implements FlowOwner, SpenderEvents, LiveTunnel {
  readonly owner: Principal;
  seat: Seat<LiveTunnel> | undefined;
  readonly #client: Leg;
  readonly #exit: Leg;
  readonly #up: Flow;
  readonly #down: Flow;
  readonly #listener: TunnelOwner;
  #spender: Spender | undefined;
  #isActive = true;
  #quietSinceMs = 0;
  #halfClosedAtMs: number | undefined;
  #flowsDone = 0;
  /** The one that has ended, and whose end was passed on: all that it had to say has arrived. */
  #endedLeg: Leg | undefined;
  #isKeptAlive = false;
  #hasEnded = false;

  constructor(owner: Principal, client: Leg, exit: Leg, listener: TunnelOwner) {
    this.owner = owner;
    this.#client = client;
    this.#exit = exit;
    this.#listener = listener;
    this.#up = new Flow(client, exit, this);
    this.#down = new Flow(exit, client, this);
  }

  /** Bytes that went from the client to the exit so far. */
  get bytesUp(): number {
    return this.#up.acceptedBytes;
  }

  get bytesDown(): number {
    return this.#down.acceptedBytes;
  }

  /** Begins to relay. `early`: what the client sent after its request; `glued`: what came after the exit's answer. */
  start(spender: Spender, early: Buffer, glued: Buffer): void {
    this.#spender = spender;
    this.#client.receiver = this.#up;
    this.#exit.receiver = this.#down;
    this.#up.start(early);
    this.#down.start(glued);
  }

  /** Ends the tunnel now: closes both sides and gives back what was taken and not used. */
  cut(reason: EndReason): void {
    if (this.#hasEnded) return;
    const unused = this.#up.settle() + this.#down.settle();
    this.#end(reason, unused);
    this.#client.destroy();
    this.#exit.destroy();
  }

  /** Ends the tunnel when it has been quiet or half closed for too long. `nowMs`: of a clock that never goes back. */
  sweep(nowMs: number, times: TunnelTimes): void {
    if (this.#halfClosedAtMs !== undefined && nowMs - this.#halfClosedAtMs >= times.halfCloseTimeoutMs) {
      this.cut('half_close_timeout');
      return;
    }
    this.#endedLeg?.probe();
    if (this.#isActive) {
      if (!this.#isKeptAlive) this.#keepAlive(times.keepAliveMs);
      this.#isActive = false;
      this.#quietSinceMs = nowMs;
    } else if (nowMs - this.#quietSinceMs >= times.idleTimeoutMs) {
      this.cut('idle_timeout');
    } else if (nowMs - this.#quietSinceMs >= times.halfCloseTimeoutMs) {
      // It waits for a side that takes nothing. Not sooner: what a side sent before it went is still good for the other.
      if (this.#client.isStopped) this.#client.probe();
      if (this.#exit.isStopped) this.#exit.probe();
    }
  }

  onMore(): void {
    this.#up.more();
    this.#down.more();
  }

  onDry(why: 'dry' | 'unanswered'): void {
    this.cut(why === 'dry' ? 'budget_dry' : 'budget_unanswered');
  }

  take(bytes: number): number {
    this.#isActive = true;
    return this.#hasEnded || this.#spender === undefined ? 0 : this.#spender.take(bytes);
  }

  untake(bytes: number): void {
    this.#spender?.untake(bytes);
  }

  accepted(flow: Flow, bytes: number): void {
    this.#isActive = true;
    if (flow === this.#up) this.#spender?.record(bytes, 0);
    else this.#spender?.record(0, bytes);
  }

  sourceEnded(): void {
    this.#halfClosedAtMs ??= performance.now();
  }

  flowDone(flow: Flow): void {
    this.#flowsDone += 1;
    if (this.#flowsDone < 2) {
      this.#endedLeg = flow === this.#up ? this.#client : this.#exit;
      flow.endSink();
      return;
    }
    this.#end('completed', 0);
    this.#client.finish();
    this.#exit.finish();
  }

  legClosed(leg: Leg, error: NodeJS.ErrnoException | undefined): void {
    if (error === undefined && leg.closedInOrder) return;
    this.cut(leg === this.#client ? 'client_lost' : 'exit_lost');
  }

  /** Has TCP look for dead peers. Not done when a tunnel opens, since most are over before that could find any. */
  #keepAlive(delayMs: number): void {
    this.#isKeptAlive = true;
    this.#client.keepAlive(delayMs);
    this.#exit.keepAlive(delayMs);
  }

  #end(reason: EndReason, unusedBytes: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (unusedBytes > 0) this.#spender?.untake(unusedBytes);
    this.#spender?.end();
    this.#listener.tunnelEnded(this, { reason, bytesUp: this.bytesUp, bytesDown: this.bytesDown });
  }
}
