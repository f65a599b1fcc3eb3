import { isDeepStrictEqual } from 'node:util';
import type { Dialect } from '@marvel/shared/usage-batch';
import type { Admission, ExitChosen, Principal } from './admission.ts';
import type { ExitChooser } from './admit/exit-chooser.ts';
import type { PlainRequest } from './forwarding.ts';
import type { LineMemo } from './observe/event.ts';
import type { Observer } from './observe/observer.ts';
import type { Answers, ExitWish } from './offer.ts';
import type { OpenedWay } from './open-way.ts';
import { type Spender, unbilled, type UsageMeter } from './spender.ts';
import { Exchange, type ExchangeEnd, type ExchangeOwner } from './tunnel/exchange.ts';
import type { Leg } from './sockets/leg.ts';
import type { TunnelTable } from './tunnel/tunnel-table.ts';

/** What the requests of all connections share. */
export interface RequestsParts {
  readonly chooser: ExitChooser;
  readonly meter: UsageMeter;
  readonly tunnels: TunnelTable;
  readonly observer: Observer;
  readonly world: { readonly load: { isDraining(): boolean } };
}

/** The connection that the requests come on. */
export interface RequestsClient {
  readonly leg: Leg;
  readonly dialect: Dialect;
  readonly clientIp: string;
  readonly answers: Answers;
}

/** A request that is served, and what is known of it. */
export interface AdmittedRequest {
  readonly admission: Admission;
  readonly request: PlainRequest;
  readonly requestId: string;
  /** What the client sent behind the head. */
  readonly early: Buffer;
  readonly hasClientEnded: boolean;
  /** When the way stood, of `performance.now()`, and how long that took. */
  readonly startedAtMs: number;
  readonly setupMs: number;
}

/** Who is told when a request is over. */
export interface RequestsOwner {
  /** Called once for each request served. */
  requestEnded(end: ExchangeEnd): void;
}

/** The absolute-form requests of one client's connection, one at a time, over a way that is kept while it is good for the next. */
export class PlainRequests implements ExchangeOwner {
  readonly #client: RequestsClient;
  readonly #parts: RequestsParts;
  readonly #owner: RequestsOwner;
  #exchange: Exchange | undefined;
  /** The exit that the exchange goes through, and the request on it: that of now, or the last. */
  #choice: ExitChosen | undefined;
  #served: AdmittedRequest | undefined;
  #spender: Spender | undefined;
  #memo: LineMemo = { text: undefined };

  constructor(client: RequestsClient, parts: RequestsParts, owner: RequestsOwner) {
    this.#client = client;
    this.#parts = parts;
    this.#owner = owner;
  }

  /**
   * Whether the way of the request before is good for this one: same credential, destination and wish, and an exit that
   * would do as well today. One that is not is closed.
   */
  keepsWayFor({ principal, wish, destination }: Admission, nowMs: number): boolean {
    const exchange = this.#exchange;
    const last = this.#served?.admission;
    if (exchange === undefined || last === undefined || this.#choice === undefined) return false;
    const isSame =
      exchange.isReusable &&
      last.principal.credential === principal.credential &&
      last.destination.host === destination.host &&
      last.destination.port === destination.port &&
      isSameWish(last.wish, wish);
    this.#choice = isSame ? this.#parts.chooser.keep(principal.account, wish, this.#choice.exit, nowMs) : undefined;
    if (this.#choice !== undefined) return true;
    this.close();
    return false;
  }

  /** Serves a request on the way of the one before, which is good for it. */
  serveNext(admitted: AdmittedRequest): void {
    const exchange = this.#exchange;
    const choice = this.#choice;
    if (exchange === undefined || choice === undefined) throw new TypeError('no way is kept');
    const exchanged = this.#exchanged(admitted, choice, nothing);
    exchange.reuse(exchanged);
    const before = this.#served?.admission.principal.budgets;
    const isSameSpending = before !== undefined && isSameList(before, admitted.admission.principal.budgets);
    this.#open(exchange, admitted, choice);
    const spender = isSameSpending && this.#spender?.again() === true ? this.#spender : undefined;
    exchange.start(spender ?? this.#openSpender(exchange, admitted.admission.principal, choice), exchanged);
  }

  /** Serves a request on a way that was opened for it. */
  serve(admitted: AdmittedRequest, { leg, glued, choice }: OpenedWay): void {
    const exchanged = this.#exchanged(admitted, choice, glued);
    const exchange = new Exchange(this.#client.leg, leg, exchanged, this);
    this.#exchange = exchange;
    this.#memo = { text: undefined };
    this.#open(exchange, admitted, choice);
    const { credential, proof } = admitted.admission.principal;
    // An authorised source is its own address.
    if (proof.kind !== 'source') this.#parts.meter.recordSource(credential, this.#client.clientIp);
    exchange.start(this.#openSpender(exchange, admitted.admission.principal, choice), exchanged);
  }

  isClosing(): boolean {
    return this.#parts.world.load.isDraining();
  }

  exchangeEnded(end: ExchangeEnd): void {
    const { tunnels, observer } = this.#parts;
    const exchange = this.#exchange;
    const served = this.#served;
    if (exchange === undefined || served === undefined || this.#choice === undefined) return;
    const { admission, requestId, setupMs, startedAtMs, request } = served;
    const { account, credential } = admission.principal;
    tunnels.close(exchange);
    tunnels.leave(admission.principal);
    if (end.outcome !== 'again') {
      const { reason, status, bytesUp, bytesDown } = end;
      const { dialect, clientIp } = this.#client;
      const { id, country } = this.#choice.exit;
      observer.tunnelEnded({
        requestId,
        dialect,
        clientIp,
        account,
        credential,
        destination: admission.destination,
        exit: id,
        country,
        bytesUp,
        bytesDown,
        setupMs,
        durationMs: end.atMs - startedAtMs,
        end: reason,
        http: { method: request.method, status },
        memo: this.#memo,
      });
    }
    if (!end.keepsExit) this.#forget();
    this.#owner.requestEnded(end);
  }

  /** The connection is used for no further request. */
  close(): void {
    if (this.#exchange?.isReusable !== true) return;
    this.#exchange.close();
    this.#forget();
  }

  #forget(): void {
    this.#exchange = undefined;
    this.#choice = undefined;
    this.#served = undefined;
  }

  #exchanged(
    { admission, request, requestId, early, hasClientEnded }: AdmittedRequest,
    choice: ExitChosen,
    glued: Buffer,
  ) {
    const { answers } = this.#client;
    return {
      principal: admission.principal,
      request,
      response: request.answer(answers.forwarded?.(requestId, choice.exit, choice.pin) ?? ''),
      early,
      glued,
      hasClientEnded,
    };
  }

  /** The request is one of those under way. */
  #open(exchange: Exchange, admitted: AdmittedRequest, choice: ExitChosen): void {
    const { tunnels, observer } = this.#parts;
    this.#served = admitted;
    this.#choice = choice;
    tunnels.open(exchange);
    observer.tunnelOpened(admitted.setupMs);
  }

  #openSpender(exchange: Exchange, principal: Principal, { exit }: ExitChosen): Spender {
    const { account, credential, budgets, isTest } = principal;
    const { id, country, network } = exit;
    const { dialect } = this.#client;
    const spending = { account, credential, budgets, exit: id, country, network, dialect };
    this.#spender = isTest ? unbilled : this.#parts.meter.openSpender(spending, exchange);
    return this.#spender;
  }
}

const nothing = Buffer.alloc(0);

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((item, index) => item === other[index]));
}

/** Whether two wishes are the same. Those with lists are compared at length, which costs some us, and are few. */
function isSameWish(one: ExitWish, other: ExitWish): boolean {
  if (one === other) return true;
  const hasLists = one.otherCountries !== undefined || one.countries !== undefined || one.exitIps !== undefined;
  if (hasLists) return isDeepStrictEqual(one, other);
  return (
    other.otherCountries === undefined &&
    other.countries === undefined &&
    other.exitIps === undefined &&
    one.network === other.network &&
    one.country === other.country &&
    one.state === other.state &&
    one.city === other.city &&
    one.minPurity === other.minPurity &&
    one.session === other.session &&
    one.ttlMinutes === other.ttlMinutes &&
    one.onExitLoss === other.onExitLoss
  );
}
