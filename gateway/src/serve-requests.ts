import { isDeepStrictEqual } from 'node:util';
import type { Dialect } from '@marvel/shared/usage-batch';
import type { Admission, ExitChosen } from './admission.ts';
import type { ExitChooser } from './admit/exit-chooser.ts';
import type { PlainRequest } from './forwarding.ts';
import type { Observer } from './observe/observer.ts';
import type { Answers, ExitWish } from './offer.ts';
import type { OpenedWay } from './open-way.ts';
import { unbilled, type UsageMeter } from './spender.ts';
import { Exchange, type ExchangeEnd } from './tunnel/exchange.ts';
import { KeptExit } from './tunnel/kept-exit.ts';
import type { Leg } from './tunnel/leg.ts';
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
  /** From the request to the way that stands, ms. */
  readonly setupMs: number;
}

/** The absolute-form requests of one client's connection, one at a time, over a way that is kept while it is good for the next. */
export class PlainRequests {
  readonly #client: RequestsClient;
  readonly #parts: RequestsParts;
  #kept: { readonly exit: KeptExit; readonly choice: ExitChosen; readonly admission: Admission } | undefined;

  constructor(client: RequestsClient, parts: RequestsParts) {
    this.#client = client;
    this.#parts = parts;
  }

  /**
   * Takes the way of the request before, if it is good for this one: same credential, destination and wish, and an exit
   * that would do as well today. One that is not is closed.
   */
  takeKept({ principal, wish, destination }: Admission): OpenedWay | undefined {
    const kept = this.#kept;
    if (kept === undefined) return undefined;
    this.#kept = undefined;
    const { admission, exit, choice } = kept;
    const isSame =
      exit.isOpen &&
      admission.principal.credential === principal.credential &&
      admission.destination.host === destination.host &&
      admission.destination.port === destination.port &&
      isSameWish(admission.wish, wish);
    const still = isSame ? this.#parts.chooser.keep(principal.account, wish, choice.exit, Date.now()) : undefined;
    if (still === undefined) {
      exit.close();
      return undefined;
    }
    return { leg: exit.leg, glued: nothing, latencyMs: 0, choice: still };
  }

  /** Serves a request on a way; `onEnd` is called once. */
  serve(
    { admission, request, requestId, early, setupMs }: AdmittedRequest,
    { leg, glued, choice }: OpenedWay,
    { isReused, hasClientEnded }: { readonly isReused: boolean; readonly hasClientEnded: boolean },
    onEnd: (end: ExchangeEnd) => void,
  ): void {
    const { tunnels, meter, observer, world } = this.#parts;
    const { dialect, clientIp, answers } = this.#client;
    const { principal, destination } = admission;
    const { account, credential, budgets, isTest } = principal;
    const { id, country, network } = choice.exit;
    const startedAtMs = performance.now();
    const exchange = new Exchange({
      owner: principal,
      client: this.#client.leg,
      exit: leg,
      isReused,
      request,
      response: request.answer(answers.forwarded?.(requestId, choice.exit, choice.pin) ?? ''),
      isClosing: () => world.load.isDraining(),
      onEnd: (end) => {
        tunnels.close(exchange);
        tunnels.leave(principal);
        if (end.keepsExit && end.outcome === 'next') this.#kept = { exit: new KeptExit(leg), choice, admission };
        else leg.socket.destroy();
        if (end.outcome !== 'again') {
          const { reason, status, bytesUp, bytesDown } = end;
          observer.tunnelEnded({
            requestId,
            dialect,
            clientIp,
            account,
            credential,
            destination,
            exit: id,
            country,
            bytesUp,
            bytesDown,
            setupMs,
            durationMs: performance.now() - startedAtMs,
            end: reason,
            http: { method: request.method, status },
          });
        }
        onEnd(end);
      },
    });
    tunnels.open(exchange);
    // An authorised source is its own address.
    if (principal.proof.kind !== 'source') meter.recordSource(credential, clientIp);
    const spending = { account, credential, budgets, exit: id, country, network, dialect };
    const spender = isTest ? unbilled : meter.openSpender(spending, exchange);
    observer.tunnelOpened(setupMs);
    exchange.start(spender, early, glued, hasClientEnded);
  }

  /** The connection is used for no further request. */
  close(): void {
    this.#kept?.exit.close();
    this.#kept = undefined;
  }
}

const nothing = Buffer.alloc(0);

/** Whether two wishes are the same. Those with lists are compared at length, which costs some us, and are few. */
function isSameWish(one: ExitWish, other: ExitWish): boolean {
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
