import type { Failure, FailureCode } from '@marvel/shared/failures';
import type { Result } from '@marvel/shared/result';
import type { Roster, Seat } from '@marvel/shared/roster';
import type { Admission } from './admission.ts';
import { admit, admitSignIn, type Verdict, type World } from './admit/admit.ts';
import { type Circumstances, identify } from './admit/identify.ts';
import { isGuess } from './admit/is-guess.ts';
import { Deadline, type DeadlineOwner } from './deadline.ts';
import type { PlainRequest } from './forwarding.ts';
import type { Conversation, Door, Heard, Offer } from './offer.ts';
import { type OpenedWay, Opening, type OpeningOwner, type WayParts } from './open-way.ts';
import { type RefusalNotes, refusalOf } from './refuse.ts';
import { newRequestId } from './request-id.ts';
import { type AdmittedRequest, PlainRequests, type RequestsClient, type RequestsOwner } from './serve-requests.ts';
import { serveTunnel } from './serve-tunnel.ts';
import type { Leg, LegReceiver } from './sockets/leg.ts';
import type { ExchangeEnd } from './tunnel/exchange.ts';
import { linger } from './tunnel/linger.ts';
import type { TunnelTable } from './tunnel/tunnel-table.ts';

/** What all connections of a gateway share. */
export interface ConnectionParts extends WayParts {
  readonly world: World;
  readonly tunnels: TunnelTable;
  readonly times: WayParts['times'] & {
    readonly headTimeoutMs: number;
    readonly nextRequestTimeoutMs: number;
    readonly lingerTimeoutMs: number;
  };
  /** The connections that may have nothing to do: all but tunnels and what becomes one. */
  readonly waiting: Roster<Connection>;
}

/** An offer on its way through, from its admission until its way stands. */
interface Carried {
  readonly offer: Offer;
  readonly admission: Admission;
  readonly requestId: string;
  /** When it was admitted: of `performance.now()`, and since 1970. */
  readonly startedAtMs: number;
  readonly dateMs: number;
}

/** Bytes a client may send ahead while its exit is dialled; more waits in the kernel. */
const maxEarlyBytes = 65_536;
/** How often a client of which nothing is read during its dial is looked after, ms. */
const probeMs = 1000;
/** Refusals that a client leaves unread before its connection is closed, bytes. */
const maxUnreadBytes = 65_536;
const nothing = Buffer.alloc(0);

/**
 * One client's connection until it is refused or its tunnel ends: offer, admit, dial, answer, relay, record. The one parent
 * of every branch: whatever fails on the way ends here, as an answer to the client and an event.
 */
export class Connection implements LegReceiver, OpeningOwner, RequestsOwner, DeadlineOwner {
  readonly #parts: ConnectionParts;
  readonly #door: Door;
  readonly #said: Conversation;
  readonly #leg: Leg;
  readonly #clientIp: string;
  /** When the client has to have said what it wants. */
  readonly #patience: Deadline;
  /** While it dials for a client of which nothing is read. */
  #probing: NodeJS.Timeout | undefined;
  #stage: 'offer' | 'dial' | 'exchange' | 'over' = 'offer';
  /** What the client sent behind its offer. */
  #early: Buffer = nothing;
  #opening: Opening | undefined;
  /** What a way is being opened for. */
  #carried: Carried | undefined;
  /** What is being forwarded. */
  #forwarded: Carried | undefined;
  /** What is to be forwarded, when no tunnel was asked for. */
  #request: PlainRequest | undefined;
  #requests: PlainRequests | undefined;
  #seat: Seat<Connection> | undefined;
  #hasEnded = false;
  /** A request was served, and of the next nothing has come. */
  #isBetween = false;
  /** It was told to show who it is, having shown nothing. */
  #isChallenged = false;

  constructor(leg: Leg, door: Door, parts: ConnectionParts) {
    this.#parts = parts;
    this.#door = door;
    this.#said = door.open();
    this.#clientIp = leg.address;
    this.#leg = leg;
    leg.receiver = this;
    this.#patience = new Deadline(this);
    this.#patience.set(parts.times.headTimeoutMs, performance.now());
  }

  /** Waits for what the client wants. */
  begin(): void {
    this.#seat = this.#parts.waiting.add(this);
    this.#leg.resume();
  }

  /** Closes the connection if nothing is asked on it: the gateway is stopping. */
  closeIfIdle(): void {
    if (this.#stage === 'offer' && !this.#said.reader.isInside) this.#leg.destroy();
  }

  onBytes(bytes: Buffer): boolean {
    if (this.#stage === 'dial') return this.#keepEarly(bytes);
    let next: Buffer | undefined = bytes;
    // A client may send its next message before it has the answer to this one.
    while (this.#stage === 'offer' && next !== undefined) next = this.#hear(this.#said.reader.push(next));
    if (this.#isBetween && this.#said.reader.isInside) {
      this.#isBetween = false;
      this.#patience.set(this.#parts.times.headTimeoutMs, performance.now());
    }
    // Whoever has the connection now may have stopped it.
    return !this.#leg.isStopped;
  }

  /** Takes what the client sent behind the request before. */
  #goOnWith(rest: Buffer): void {
    if (this.#stage !== 'offer') return;
    this.#leg.resume();
    if (!this.onBytes(rest)) this.#leg.stop();
  }

  onEnd(): void {
    this.#hasEnded = true;
    // Who has said all it wants may still wait for the answer.
    if (this.#stage === 'dial' && this.#request !== undefined) {
      this.#probe();
      return;
    }
    if (this.#stage === 'offer' && this.#said.reader.isInside) this.#refuse({ code: 'bad_request' });
    else this.#leg.end();
    this.#abandon();
  }

  onClose(): void {
    this.#abandon();
  }

  onDeadline(): void {
    if (this.#said.reader.isInside) this.#refuse({ code: 'bad_request' });
    else this.#leg.destroy();
  }

  /** Deals with what was heard; gives the bytes to be read next, `undefined` to wait for more of them. */
  #hear(heard: Heard): Buffer | undefined {
    switch (heard.kind) {
      case 'more':
        return undefined;
      case 'reply':
        this.#leg.write(heard.reply);
        return nothing;
      case 'sign-in': {
        const refusal = admitSignIn(heard.signIn, this.#parts.world, this.#circumstances());
        if (refusal === undefined) this.#leg.write(heard.welcome);
        else this.#refuse(refusal.failure, { ...refusal, shown: heard.signIn.credential });
        return nothing;
      }
      case 'offer':
        return this.#consider(heard);
      case 'rejected':
        this.#refuse({ code: heard.code }, { reply: heard.reply });
        return undefined;
      case 'unreadable':
        this.#refuse({ code: 'bad_request' });
        return undefined;
    }
  }

  #consider({ offer, mayRetry, rest, request }: Extract<Heard, { kind: 'offer' }>): Buffer | undefined {
    this.#request = request;
    const { world } = this.#parts;
    const circumstances = this.#circumstances();
    const verdict = admit(offer, world, circumstances);
    const isKnown = verdict.kind !== 'refused' || verdict.principal !== undefined;
    // A client that waits for the challenge each time is none that guesses.
    if (isKnown && this.#isChallenged) world.bans.forgive(this.#clientIp);
    this.#isChallenged = !isKnown && (offer.credential.kind === 'none' || offer.credential.kind === 'source');
    if (verdict.kind === 'refused') {
      this.#refuse(verdict.failure, { principal: verdict.principal, mayRetry, shown: offer.credential });
      return rest;
    }
    this.#enter('dial');
    this.#early = rest;
    try {
      this.#serve(offer, verdict, circumstances.nowMs);
    } catch (error) {
      this.#fault(error);
    }
    return undefined;
  }

  #serve(offer: Offer, verdict: Exclude<Verdict, { kind: 'refused' }>, dateMs: number): void {
    const startedAtMs = performance.now();
    if (verdict.kind === 'admitted') {
      this.#carry({ offer, admission: verdict.admission, requestId: newRequestId(), startedAtMs, dateMs });
      return;
    }
    this.#decide(offer, verdict.admission, startedAtMs).catch((error: unknown) => {
      this.#fault(error);
    });
  }

  /** A bug ends the connection, and nothing else. */
  #fault(error: unknown): void {
    this.#parts.observer.faulted(error);
    this.#refuse({ code: 'internal' });
  }

  /** Opens the way, unless there is one that can be used again. */
  #carry(carried: Carried): void {
    const { admission, requestId } = carried;
    this.#carried = carried;
    // Counted from here on, so that many at once cannot pass a limit together.
    this.#parts.tunnels.enter(admission.principal);
    const request = this.#request;
    const requests = this.#requests;
    if (request !== undefined && requests?.keepsWayFor(admission, carried.dateMs) === true) {
      this.#enter('exchange');
      requests.serveNext(this.#admitted(carried, request, carried.startedAtMs));
      return;
    }
    const opening = Opening.of(admission, requestId, this.#parts, this);
    if (!opening.ok) {
      this.onOpened(opening);
      return;
    }
    this.#opening = opening.value;
    opening.value.start();
  }

  onOpened(opened: Result<OpenedWay, FailureCode>): void {
    const carried = this.#carried;
    if (carried === undefined) return;
    this.#carried = undefined;
    this.#opening = undefined;
    const { offer, admission, requestId, startedAtMs } = carried;
    const { principal } = admission;
    let isRelaying = false;
    try {
      if (!opened.ok) {
        this.#refuse({ code: opened.error }, { principal, requestId });
      } else if (this.#isStillWanted(offer)) {
        isRelaying = true;
        const request = this.#request;
        if (request === undefined) {
          const early = this.#early;
          this.#early = nothing;
          const setupMs = performance.now() - startedAtMs;
          this.#enter('over');
          serveTunnel(this.#client, this.#parts, { admission, requestId, early, setupMs }, opened.value);
        } else {
          this.#requests ??= new PlainRequests(this.#client, this.#parts, this);
          this.#enter('exchange');
          this.#requests.serve(this.#admitted(carried, request, performance.now()), opened.value);
        }
      } else {
        opened.value.leg.destroy();
        this.#refuse({ code: 'unauthenticated' });
      }
    } catch (error) {
      this.#fault(error);
    } finally {
      if (!isRelaying) this.#parts.tunnels.leave(principal);
    }
  }

  /** Waits until the edge has said what is left of the budgets, and judges anew: the world has moved on meanwhile. */
  async #decide(offer: Offer, { principal }: Admission, startedAtMs: number): Promise<void> {
    const standing = await this.#parts.meter.whenKnown(principal.budgets);
    const verdict = admit(offer, { ...this.#parts.world, standing: () => standing }, this.#circumstances());
    if (verdict.kind === 'refused') this.#refuse(verdict.failure, verdict);
    else if (verdict.kind === 'unknown') this.#refuse({ code: 'stale_state' }, { principal });
    else if (this.#stage !== 'over') {
      const dateMs = Date.now();
      this.#carry({ offer, admission: verdict.admission, requestId: newRequestId(), startedAtMs, dateMs });
    }
  }

  /** Whether the client is still there, and its credential was not ended while the exit was dialled. */
  #isStillWanted(offer: Offer): boolean {
    const { fleet, digests } = this.#parts.world;
    return this.#stage === 'dial' && identify(offer.credential, fleet, digests, this.#circumstances()) !== undefined;
  }

  /** The request as it goes over the way that stands since `nowMs`. */
  #admitted(carried: Carried, request: PlainRequest, nowMs: number): AdmittedRequest {
    const early = this.#early;
    this.#early = nothing;
    this.#forwarded = carried;
    const { admission, requestId, startedAtMs } = carried;
    return {
      admission,
      request,
      requestId,
      early,
      hasClientEnded: this.#hasEnded,
      startedAtMs: nowMs,
      setupMs: nowMs - startedAtMs,
    };
  }

  requestEnded(end: ExchangeEnd): void {
    const carried = this.#forwarded;
    if (carried === undefined) return;
    this.#forwarded = undefined;
    this.#leg.receiver = this;
    this.#hasEnded = end.hasClientEnded;
    switch (end.outcome) {
      case 'next':
        this.#stage = 'offer';
        this.#request = undefined;
        this.#isBetween = true;
        this.#patience.set(this.#parts.times.nextRequestTimeoutMs, end.atMs);
        if (end.rest.length === 0) this.#leg.resume();
        else {
          // Not from inside of what ended the last: it still holds the connection that the next may want. Until then nothing
          // is read that would come before it.
          this.#leg.stop();
          queueMicrotask(() => this.#goOnWith(end.rest));
        }
        break;
      case 'close':
        this.#enter('over');
        linger(this.#leg, '', this.#parts.times.lingerTimeoutMs);
        break;
      case 'refuse':
        this.#refuse(
          { code: end.reason === 'malformed_request' ? 'bad_request' : 'gateway_error' },
          { principal: carried.admission.principal, requestId: carried.requestId, isTold: true },
        );
        break;
      case 'again':
        this.#stage = 'dial';
        this.#early = end.rest;
        if (this.#hasEnded || this.#leg.isStopped) this.#probe();
        this.#carry({ ...carried, startedAtMs: end.atMs, dateMs: Date.now() });
        break;
      case 'gone':
        this.#abandon();
        break;
    }
  }

  #refuse(failure: Failure, notes: RefusalNotes = {}): void {
    if (this.#stage === 'over') return;
    const { times } = this.#parts;
    const client = { ...this.#client, method: this.#request?.method };
    const { bytes, keepOpen } = refusalOf(failure, notes, client, this.#parts);
    if (keepOpen && this.#leg.unsentBytes < maxUnreadBytes) {
      this.#leg.write(bytes);
      this.#patience.set(times.headTimeoutMs, performance.now());
    } else {
      this.#enter('over');
      linger(this.#leg, bytes, times.lingerTimeoutMs);
    }
    // Who is known may still have its user name wrong in what it asks; that is no guess. Not before the answer is on its way:
    // how long that took would tell what is counted.
    if (failure.code === 'unauthenticated' && notes.principal === undefined && isGuess(notes.shown)) this.#noteForBan();
  }

  #noteForBan(): void {
    const { world, observer } = this.#parts;
    if (world.bans.note(this.#clientIp)) observer.banned(this.#clientIp);
  }

  /** The client has gone: what was begun for it ends. */
  #abandon(): void {
    if (this.#stage === 'dial') this.#parts.observer.abandoned(this.#door.dialect);
    this.#enter('over');
    this.#opening?.abandon();
  }

  #enter(stage: 'dial' | 'exchange' | 'over'): void {
    this.#stage = stage;
    this.#isBetween = false;
    clearInterval(this.#probing);
    this.#probing = undefined;
    if (stage === 'over') this.#requests?.close();
    else if (this.#request !== undefined) {
      // It is here again for the next request.
      this.#patience.lift();
      return;
    }
    this.#patience.end();
    if (this.#seat !== undefined) this.#parts.waiting.remove(this.#seat);
    this.#seat = undefined;
  }

  #keepEarly(bytes: Buffer): boolean {
    this.#early = Buffer.concat([this.#early, bytes]);
    if (this.#early.length < maxEarlyBytes) return true;
    this.#probe();
    return false;
  }

  /** Looks again and again, while the dial goes on, whether a client of which nothing is read has reset the connection. */
  #probe(): void {
    this.#probing ??= setInterval(onProbe, probeMs, this.#leg);
  }

  get #client(): RequestsClient {
    return { leg: this.#leg, dialect: this.#door.dialect, clientIp: this.#clientIp, answers: this.#said.answers };
  }

  #circumstances(): Circumstances {
    return { clientIp: this.#clientIp, nowMs: Date.now() };
  }
}

function onProbe(leg: Leg): void {
  leg.probe();
}
