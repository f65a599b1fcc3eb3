import type { Exit } from '@marvel/shared/exit';
import type { Admission } from './admission.ts';
import type { Destination } from './offer.ts';
import type { OpenedWay } from './open-way.ts';
import type { RequestsClient, RequestsParts } from './serve-requests.ts';
import { unbilled } from './spender.ts';
import { Tunnel, type TunnelEnd, type TunnelOwner } from './tunnel/tunnel.ts';

/** An offer that is served, and what is known of it. */
export interface AdmittedTunnel {
  readonly admission: Admission;
  readonly requestId: string;
  /** What the client sent behind its offer. */
  readonly early: Buffer;
  /** From the request to the way that stands, ms. */
  readonly setupMs: number;
}

type Parts = Omit<RequestsParts, 'chooser' | 'world'>;

/** Tells the client that its way is open, and relays until either side ends. */
export function serveTunnel(
  client: RequestsClient,
  parts: Parts,
  admitted: AdmittedTunnel,
  { leg, glued, choice }: OpenedWay,
): void {
  const { tunnels, observer, meter } = parts;
  const { principal } = admitted.admission;
  const { exit, pin } = choice;
  const tunnel = new Tunnel(principal, client.leg, leg, new ServedTunnel(client, parts, admitted, exit));
  // An authorised source is its own address.
  if (principal.proof.kind !== 'source') meter.recordSource(principal.credential, client.clientIp);
  const spending = {
    account: principal.account,
    credential: principal.credential,
    budgets: principal.budgets,
    exit: exit.id,
    country: exit.country,
    network: exit.network,
    dialect: client.dialect,
  };
  const spender = principal.isTest ? unbilled : meter.openSpender(spending, tunnel);
  client.leg.write(client.answers.established(admitted.requestId, exit, pin));
  tunnels.open(tunnel);
  observer.tunnelOpened(admitted.setupMs);
  tunnel.start(spender, admitted.early, glued);
}

/** What is said of a tunnel when it ends. One small object for each, since thousands are open at once. */
class ServedTunnel implements TunnelOwner {
  readonly #parts: Parts;
  readonly #dialect: RequestsClient['dialect'];
  readonly #clientIp: string;
  readonly #destination: Destination;
  readonly #requestId: string;
  readonly #exit: Exit;
  readonly #setupMs: number;
  readonly #openedAtMs = performance.now();

  constructor({ dialect, clientIp }: RequestsClient, parts: Parts, admitted: AdmittedTunnel, exit: Exit) {
    this.#parts = parts;
    this.#dialect = dialect;
    this.#clientIp = clientIp;
    this.#destination = ownCopy(admitted.admission.destination);
    this.#requestId = admitted.requestId;
    this.#exit = exit;
    this.#setupMs = admitted.setupMs;
  }

  tunnelEnded(tunnel: Tunnel, { reason, bytesUp, bytesDown }: TunnelEnd): void {
    const { tunnels, observer } = this.#parts;
    tunnels.close(tunnel);
    tunnels.leave(tunnel.owner);
    observer.tunnelEnded({
      requestId: this.#requestId,
      dialect: this.#dialect,
      clientIp: this.#clientIp,
      account: tunnel.owner.account,
      credential: tunnel.owner.credential,
      destination: this.#destination,
      exit: this.#exit.id,
      country: this.#exit.country,
      bytesUp,
      bytesDown,
      setupMs: this.#setupMs,
      durationMs: performance.now() - this.#openedAtMs,
      end: reason,
    });
  }
}

/** With text of its own: what is cut out of a head holds all of it, credentials included, for as long as the tunnel lives. */
function ownCopy({ host, port }: Destination): Destination {
  return { host: Buffer.from(host).toString(), port };
}
