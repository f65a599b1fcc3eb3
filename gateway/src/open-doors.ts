import type { Socket } from 'node:net';
import type { Network } from '@marvel/shared/exit';
import type { Dialect } from '@marvel/shared/usage-batch';
import { HttpOfferReader, type ReadRequest } from './accept/http-offer-reader.ts';
import { Socks5Conversation } from './accept/socks5-conversation.ts';
import { openTlsListener } from './accept/tls-listener.ts';
import type { Arrival } from './arrival.ts';
import type { GatewayConfig } from './config.ts';
import { marvelHttpAnswers, readMarvelRequest, readMarvelSignIn } from './dialects/marvel.ts';
import { proxiesFoAnswers, proxiesFoRequestReader } from './dialects/proxies-fo.ts';
import { proxymeshAnswers, readProxymeshRequest } from './dialects/proxymesh.ts';
import { PlainRequestReader } from './forward/plain-request.ts';
import type { EventLog } from './observe/event-log.ts';
import type { Metrics } from './observe/metrics.ts';
import type { Answers, Door, ListenerName } from './offer.ts';
import type { Leg } from './sockets/leg.ts';
import { type ListenAddress, type Listener, openListener } from './sockets/listener.ts';
import type { Sockets } from './sockets/sockets.ts';

/** Who takes the connections that come to the doors. */
export interface DoorKeeper {
  /** Whether there is room for one more connection; if so it counts from now on. */
  makesRoom(arrival: Arrival): boolean;
  serve(door: Door, leg: Leg): void;
  /** There is no room. */
  turnAway(door: Door, leg: Leg): void;
}

/** Where clients can come to, `host:port`; only what is open. */
export interface DoorAddresses {
  readonly marvel: string;
  readonly tls?: string;
  readonly socks5?: string;
  readonly proxies_fo?: Partial<Readonly<Record<Network, string>>>;
  readonly proxymesh?: string;
}

/** The open listeners that clients come to. */
export interface Doors {
  readonly addresses: DoorAddresses;
  /** When the certificate that is shown ends, ms since 1970; `undefined` without TLS. */
  tlsExpiresAtMs(): number | undefined;
  /** Stops accepting. */
  close(): void;
}

/** Opens the doors that the settings want. Errors: rejects when one cannot be opened; then none is left open. */
export async function openDoors(
  config: GatewayConfig,
  sockets: Sockets,
  keeper: DoorKeeper,
  metrics: Metrics,
  log: EventLog,
): Promise<Doors> {
  const http = (listener: ListenerName, dialect: Dialect, readRequest: ReadRequest, answers: Answers): Door => ({
    listener,
    dialect,
    open: () => ({
      reader: new HttpOfferReader(dialect, {
        readRequest,
        plainRequests: new PlainRequestReader(),
        maxHeadBytes: config.MARVEL_MAX_HEAD_BYTES,
      }),
      answers,
    }),
  });
  const docs = config.MARVEL_DOCS_URL ?? new URL('/docs', config.MARVEL_EDGE_URL).href;
  const marvelAnswers = marvelHttpAnswers(`${docs.replace(/\/+$/, '')}/errors`);
  const marvel = http('marvel', 'marvel', readMarvelRequest, marvelAnswers);
  const marvelTls = http('marvel-tls', 'marvel', readMarvelRequest, marvelAnswers);
  const proxiesFo = (network: Network): Door =>
    http(`proxies-fo-${network}`, 'proxies-fo', proxiesFoRequestReader(network), proxiesFoAnswers);
  const proxymesh = http('proxymesh', 'proxymesh', readProxymeshRequest, proxymeshAnswers);
  const socks5: Door = {
    listener: 'socks5',
    dialect: 'socks5',
    open: () => {
      const conversation = new Socks5Conversation('socks5', readMarvelSignIn);
      return { reader: conversation, answers: conversation };
    },
  };

  function onPlain(door: Door): (leg: Leg) => void {
    return (leg) => {
      metrics.accepted(door.listener);
      if (keeper.makesRoom(leg)) keeper.serve(door, leg);
      else keeper.turnAway(door, leg);
    };
  }

  const reusePort = config.MARVEL_REUSE_PORT === 'on';
  const opened: Listener[] = [];
  try {
    const open = async (listen: ListenAddress | undefined, door: Door): Promise<string | undefined> => {
      if (listen === undefined) return undefined;
      const listener = await sockets.listen({ ...listen, reusePort }, onPlain(door));
      opened.push(listener);
      return listener.address;
    };
    const plain = await sockets.listen({ ...config.MARVEL_LISTEN, reusePort }, onPlain(marvel));
    opened.push(plain);
    const forSocks5 = await open(config.MARVEL_LISTEN_SOCKS5, socks5);
    const residential = await open(config.MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL, proxiesFo('residential'));
    const isp = await open(config.MARVEL_LISTEN_PROXIES_FO_ISP, proxiesFo('isp'));
    const datacenter = await open(config.MARVEL_LISTEN_PROXIES_FO_DATACENTER, proxiesFo('datacenter'));
    const forProxymesh = await open(config.MARVEL_LISTEN_PROXYMESH, proxymesh);
    const { MARVEL_LISTEN_TLS: listenTls, MARVEL_TLS_CERT: certificateFile, MARVEL_TLS_KEY: keyFile } = config;
    const isTlsWanted = listenTls !== undefined && certificateFile !== undefined && keyFile !== undefined;
    const forTls = isTlsWanted
      ? await openTlsListener(
          { ...listenTls, reusePort },
          openListener,
          {
            files: { certificateFile, keyFile },
            pollMs: config.MARVEL_TLS_POLL_MS,
            handshakeTimeoutMs: config.MARVEL_HEAD_TIMEOUT_MS,
          },
          {
            onSocket: (socket) => {
              metrics.accepted(marvelTls.listener);
              if (keeper.makesRoom(arrivalOf(socket))) return true;
              // There is no word for it before TLS stands.
              metrics.refused(marvelTls.dialect, 'overloaded');
              return false;
            },
            onSecure: (socket) => {
              keeper.serve(marvelTls, sockets.ofTls(socket));
            },
            onHandshakeFailed: metrics.tlsHandshakeFailed,
            onRenewed: (expiresAtMs) => {
              log.note('info', 'certificate_renewed', { expires_at: new Date(expiresAtMs).toISOString() });
            },
            onFault: ({ kind, code }) => {
              log.note('warn', 'certificate_rejected', { fault: kind, code });
            },
          },
        )
      : undefined;
    if (forTls) opened.push(forTls);
    return {
      addresses: {
        marvel: plain.address,
        ...(forTls && { tls: forTls.address }),
        ...(forSocks5 && { socks5: forSocks5 }),
        ...((residential ?? isp ?? datacenter) && {
          proxies_fo: {
            ...(residential && { residential }),
            ...(isp && { isp }),
            ...(datacenter && { datacenter }),
          },
        }),
        ...(forProxymesh && { proxymesh: forProxymesh }),
      },
      tlsExpiresAtMs: () => forTls?.expiresAtMs,
      close() {
        for (const listener of opened) listener.close();
      },
    };
  } catch (error) {
    for (const listener of opened) listener.close();
    throw error;
  }
}

/** What TLS will go over: gone when its socket is. */
function arrivalOf(socket: Socket): Arrival {
  const arrival: Arrival = { onGone: undefined, destroy: () => socket.destroy() };
  socket.on('close', () => arrival.onGone?.());
  return arrival;
}
