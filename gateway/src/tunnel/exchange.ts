import type { Seat } from '@marvel/shared/roster';
import type { Principal } from '../admission.ts';
import type { PlainRequest, PlainResponse } from '../forwarding.ts';
import type { Leg, LegReceiver } from '../sockets/leg.ts';
import type { Spender, SpenderEvents } from '../spender.ts';
import type { EndReason } from '../tunnel-end.ts';
import { Flow, type FlowOwner } from './flow.ts';
import type { LiveTunnel, TunnelTimes } from './live-tunnel.ts';
import { openRequest } from './request-opening.ts';

/** How an exchange ended, and what went through it. */
export interface ExchangeEnd {
  readonly reason: EndReason;
  /** Of the answer; 0 when none came. */
  readonly status: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /**
   * What becomes of the client's connection: the `next` request, its `close`, a refusal (`refuse`), the same request
   * `again` on another way, or nothing, since it is `gone`.
   */
  readonly outcome: 'next' | 'close' | 'refuse' | 'again' | 'gone';
  /** The exit's connection is good for another request, and the exchange with it; otherwise it is closed. */
  readonly keepsExit: boolean;
  /** What the client has sent behind its request. */
  readonly rest: Buffer;
  readonly hasClientEnded: boolean;
  /** When, of `performance.now()`. */
  readonly atMs: number;
}

/** What is exchanged, and for whom. */
export interface Exchanged {
  readonly principal: Principal;
  readonly request: PlainRequest;
  readonly response: PlainResponse;
  /** What the client sent behind the head. */
  readonly early: Buffer;
  /** What came behind the exit's answer to the dial. */
  readonly glued: Buffer;
  readonly hasClientEnded: boolean;
}

/** Who has the exchanges of a client's connection. */
export interface ExchangeOwner {
  /** Whether the client's connection is to be closed after this. */
  isClosing(): boolean;
  /** Called once for each exchange, from whatever ends it. */
  exchangeEnded(end: ExchangeEnd): void;
}

/** Bytes a client may send ahead of its next request; more waits in the kernel. */
const maxRestBytes = 65_536;
const nothing = Buffer.alloc(0);

/**
 * Requests and their answers, one at a time, between a client's connection and an exit's, each under its own set of budgets.
 * What happens on the exit's connection between two of them ends it: nothing was asked.
 */
export class Exchange implements FlowOwner, SpenderEvents, LegReceiver, LiveTunnel {
  owner: Principal;
  seat: Seat<LiveTunnel> | undefined;
  bytesUp = 0;
  bytesDown = 0;
  readonly #client: Leg;
  readonly #exit: Leg;
  readonly #host: ExchangeOwner;
  readonly #exitSide: ExitSide;
  readonly #up: Flow;
  readonly #down: Flow;
  #request: PlainRequest;
  #response: PlainResponse;
  #spender: Spender | undefined;
  /** The exit's connection has carried a request before, so it may have been closed in the meantime. */
  #isReused = false;
  /** Bytes of a request that may have been sent to nobody. */
  #unbilledBytes = 0;
  #isActive = true;
  #quietSinceMs = 0;
  #rest: Buffer = nothing;
  /** The client's part has been read whole, and the exit's kernel has accepted it. */
  #isAsked = false;
  #isSent = false;
  #hasBodyBegun = false;
  #isAnswered = false;
  #hasClientEnded = false;
  #hasExitEnded = false;
  #hasEnded = false;

  constructor(client: Leg, exit: Leg, first: Exchanged, host: ExchangeOwner) {
    this.owner = first.principal;
    this.#request = first.request;
    this.#response = first.response;
    this.#client = client;
    this.#exit = exit;
    this.#host = host;
    this.#exitSide = new ExitSide(this);
    this.#up = new Flow(client, exit, this);
    this.#down = new Flow(exit, client, this);
  }

  /** Whether the exit's connection waits for the next request, nothing having happened on it since the last. */
  get isReusable(): boolean {
    return this.#hasEnded && !this.#hasExitEnded && this.#exit.isFlushed;
  }

  /** Makes ready for the next request, which `start` begins. */
  reuse({ principal, request, response }: Exchanged): void {
    this.owner = principal;
    this.#request = request;
    this.#response = response;
    this.#isReused = true;
    this.bytesUp = 0;
    this.bytesDown = 0;
    this.#unbilledBytes = 0;
    this.#isActive = true;
    this.#isSent = false;
    this.#isAnswered = false;
    this.#hasEnded = false;
    this.#up.reopen();
    this.#down.reopen();
  }

  /** Begins what it was made or made ready for. */
  start(spender: Spender, { early, glued, hasClientEnded }: Exchanged): void {
    const client = this.#client;
    const exit = this.#exit;
    this.#spender = spender;
    client.receiver = this;
    exit.receiver = this.#exitSide;
    const { state, bytes, hasBody, rest } = openRequest(this.#request, early);
    this.#rest = rest;
    this.#hasClientEnded = false;
    if (state === 'broken') {
      this.#end('malformed_request', 'refuse');
      return;
    }
    this.#hasBodyBegun = hasBody;
    this.#isAsked = state === 'done';
    const goes = this.#up.onBytes(bytes, false);
    if (this.#isAsked) this.#up.onEnd();
    if (this.#isAsked ? this.#rest.length < maxRestBytes : goes) client.resume();
    else client.stop();
    if (hasClientEnded) this.onEnd();
    if (this.#hasEnded) return;
    if (glued.length === 0 || this.exitBytes(glued, false)) exit.resume();
    else exit.stop();
  }

  /** Closes the exit's connection, which waits for no further request. */
  close(): void {
    if (!this.isReusable) return;
    this.#hasExitEnded = true;
    this.#exit.destroy();
  }

  /** Ends the exchange and both connections now, and gives back what was taken and not used. */
  cut(reason: EndReason): void {
    if (this.#hasEnded) return;
    this.#end(reason, 'gone');
  }

  /** Ends the exchange when it has been quiet for too long. `nowMs`: of a clock that never goes back. */
  sweep(nowMs: number, times: TunnelTimes): void {
    const client = this.#client;
    if (this.#hasClientEnded) client.probe();
    if (this.#isActive) {
      this.#isActive = false;
      this.#quietSinceMs = nowMs;
    } else if (nowMs - this.#quietSinceMs >= times.idleTimeoutMs) {
      this.cut('idle_timeout');
    } else if (client.isStopped && nowMs - this.#quietSinceMs >= times.halfCloseTimeoutMs) {
      // As in a tunnel.
      client.probe();
    }
  }

  /** From the client. */
  onBytes(bytes: Buffer, lent: boolean): boolean {
    if (this.#hasEnded) return false;
    if (this.#isAsked) {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      return this.#rest.length < maxRestBytes;
    }
    const { body } = this.#request;
    const state = body.push(bytes, 0);
    if (state === 'broken') {
      this.#fail('malformed_request');
      // What is still on its way is read and thrown away, so that the refusal arrives.
      return true;
    }
    this.#hasBodyBegun = true;
    this.#bill();
    if (state === 'more') return this.#up.onBytes(bytes.subarray(0, body.passTo), lent);
    this.#isAsked = true;
    this.#rest = Buffer.from(bytes.subarray(body.restAt));
    const last = bytes.subarray(0, body.passTo);
    const goes =
      body.tail === ''
        ? this.#up.onBytes(last, lent)
        : this.#up.onBytes(Buffer.concat([last, Buffer.from(body.tail, 'latin1')]), false);
    this.#up.onEnd();
    // Until they are accepted, these bytes may lie where the next would be read.
    return goes && this.#rest.length < maxRestBytes;
  }

  /** The client will send no more: it may still want the answer. */
  onEnd(): void {
    this.#hasClientEnded = true;
    if (!this.#isAsked) this.cut('client_lost');
  }

  onClose(): void {
    this.cut('client_lost');
  }

  exitBytes(bytes: Buffer, lent: boolean): boolean {
    if (this.#hasEnded || this.#isAnswered) {
      // More than the answer: the connection cannot be relied on.
      this.close();
      this.#hasExitEnded = true;
      return false;
    }
    const response = this.#response;
    const state = response.push(bytes, !this.#isAsked || this.#hasClientEnded || this.#host.isClosing());
    this.#bill();
    if (state === 'broken') {
      this.#fail('malformed_response');
      return false;
    }
    this.#isActive = true;
    const { out } = response;
    const goes = out.length === 0 || this.#down.onBytes(out, lent && !response.ownsOut);
    if (state === 'done') this.#finishAnswer();
    return goes;
  }

  exitEnded(): void {
    this.close();
    this.#hasExitEnded = true;
    if (this.#hasEnded || this.#isAnswered) return;
    if (this.#response.end() === 'done') this.#finishAnswer();
    else this.exitLost();
  }

  exitLost(): void {
    this.close();
    this.#hasExitEnded = true;
    if (this.#hasEnded || this.#isAnswered) return;
    if (this.#mayBeUnheard && this.#request.isIdempotent) this.#end('exit_lost', 'again');
    else this.#fail('exit_lost');
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
    if (flow === this.#up) {
      this.#unbilledBytes += bytes;
      if (!this.#mayBeUnheard) this.#bill();
    } else {
      this.bytesDown += bytes;
      this.#spender?.record(0, bytes);
    }
  }

  /** Never called: its flows are no receivers of connections here. */
  legClosed(): void {}

  sourceEnded(): void {
    // The end of a message; what it means for the connections is decided when both are through.
  }

  flowDone(flow: Flow): void {
    if (flow === this.#up) {
      this.#isSent = true;
      if (this.#rest.length < maxRestBytes) this.#client.resume();
      return;
    }
    const isWhole = this.#isAsked && this.#isSent;
    this.#end('completed', isWhole && this.#response.keepsClient && !this.#hasClientEnded ? 'next' : 'close');
  }

  /** Whether the exit's connection may have been closed before the request came to it. */
  get #mayBeUnheard(): boolean {
    return this.#isReused && !this.#response.hasBegun && !this.#hasBodyBegun;
  }

  #bill(): void {
    const bytes = this.#unbilledBytes;
    if (bytes === 0) return;
    this.#unbilledBytes = 0;
    this.bytesUp += bytes;
    this.#spender?.record(bytes, 0);
  }

  #finishAnswer(): void {
    this.#isAnswered = true;
    this.#down.onEnd();
  }

  /** While the client has nothing of the final answer, it can be told; after that only the end of its connection tells it. */
  #fail(reason: EndReason): void {
    if (this.#response.status === 0) this.#end(reason, 'refuse');
    else this.cut(reason);
  }

  #end(reason: EndReason, outcome: ExchangeEnd['outcome']): void {
    this.#hasEnded = true;
    const response = this.#response;
    const exit = this.#exit;
    let unusedBytes = this.#up.settle() + this.#down.settle();
    if (outcome === 'again') unusedBytes += this.#unbilledBytes;
    else this.#bill();
    if (unusedBytes > 0) this.#spender?.untake(unusedBytes);
    // The request is one, however often it takes to be heard.
    if (outcome === 'again') this.#spender?.cancel();
    else this.#spender?.end();
    this.#spender = undefined;
    const keepsExit =
      outcome === 'next' &&
      this.#isAsked &&
      this.#isSent &&
      response.keepsExit &&
      !this.#hasExitEnded &&
      exit.isFlushed;
    if (keepsExit) exit.resume();
    else {
      this.#hasExitEnded = true;
      exit.destroy();
    }
    if (outcome === 'gone') this.#client.destroy();
    const rest = this.#rest;
    // A connection that waits holds no memory for what is over.
    this.#rest = nothing;
    response.letGo();
    this.#host.exchangeEnded({
      reason,
      status: response.status,
      bytesUp: this.bytesUp,
      bytesDown: this.bytesDown,
      outcome,
      keepsExit,
      rest,
      hasClientEnded: this.#hasClientEnded,
      atMs: performance.now(),
    });
  }
}

/** What the exit's connection hands on to its exchange. */
class ExitSide implements LegReceiver {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  onBytes(bytes: Buffer, lent: boolean): boolean {
    return this.#exchange.exitBytes(bytes, lent);
  }

  onEnd(): void {
    this.#exchange.exitEnded();
  }

  onClose(): void {
    this.#exchange.exitLost();
  }
}
