import type { Admission } from './admission.ts';
import type { OpenedWay } from './open-way.ts';
import type { RequestsClient, RequestsParts } from './serve-requests.ts';
import { unbilled } from './spender.ts';
import { Tunnel } from './tunnel/tunnel.ts';

/** An offer that is served, and what is known of it. */
export interface AdmittedTunnel {
  readonly admission: Admission;
  readonly requestId: string;
  /** What the client sent behind its offer. */
  readonly early: Buffer;
  /** From the request to the way that stands, ms. */
  readonly setupMs: number;
}

/** Tells the client that its way is open, and relays until either side ends. */
export function serveTunnel(
  { leg: clientLeg, dialect, clientIp, answers }: RequestsClient,
  { tunnels, observer, meter }: Omit<RequestsParts, 'chooser' | 'world'>,
  { admission, requestId, early, setupMs }: AdmittedTunnel,
  { leg, glued, choice }: OpenedWay,
): void {
  const { principal, destination } = admission;
  const { account, credential, budgets, isTest } = principal;
  const { exit, pin } = choice;
  const { id, country, network } = exit;
  const openedAtMs = performance.now();
  const tunnel = new Tunnel(principal, clientLeg, leg, ({ reason, bytesUp, bytesDown }) => {
    const durationMs = performance.now() - openedAtMs;
    tunnels.close(tunnel);
    tunnels.leave(principal);
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
      durationMs,
      end: reason,
    });
  });
  // An authorised source is its own address.
  if (principal.proof.kind !== 'source') meter.recordSource(credential, clientIp);
  const spending = { account, credential, budgets, exit: id, country, network, dialect };
  const spender = isTest ? unbilled : meter.openSpender(spending, tunnel);
  clientLeg.socket.write(answers.established(requestId, exit, pin), 'latin1');
  tunnels.open(tunnel);
  observer.tunnelOpened(setupMs);
  tunnel.start(spender, early, glued);
}
