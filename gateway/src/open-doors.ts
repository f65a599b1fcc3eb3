import type { Socket } from 'node:net';
import { HttpOfferReader } from './accept/http-offer-reader.ts';
import { type Listener, openListener } from './accept/listener.ts';
import { Socks5Conversation } from './accept/socks5-conversation.ts';
import { openTlsListener } from './accept/tls-listener.ts';
import type { GatewayConfig } from './config.ts';
import { marvelHttpAnswers, readMarvelRequest, readMarvelSignIn } from './dialects/marvel.ts';
import type { EventLog } from './observe/event-log.ts';
import type { Metrics } from './observe/metrics.ts';
import type { Door } from './offer.ts';

/** Who takes the connections that come to the doors. */
export interface DoorKeeper {
  /** Whether there is room for one more connection; if so it counts from now on. */
  makesRoom(socket: Socket): boolean;
  serve(door: Door, socket: Socket): void;
  /** There is no room. */
  turnAway(door: Door, socket: Socket): void;
}

/** Where clients can come to, `host:port`; only what is open. */
export interface DoorAddresses {
  readonly marvel: string;
  readonly tls?: string;
  readonly socks5?: string;
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
  keeper: DoorKeeper,
  metrics: Metrics,
  log: EventLog,
): Promise<Doors> {
  const openMarvel = () => ({
    reader: new HttpOfferReader('marvel', readMarvelRequest, config.MARVEL_MAX_HEAD_BYTES),
    answers: marvelHttpAnswers,
  });
  const marvel: Door = { listener: 'marvel', dialect: 'marvel', open: openMarvel };
  const marvelTls: Door = { listener: 'marvel-tls', dialect: 'marvel', open: openMarvel };
  const socks5: Door = {
    listener: 'socks5',
    dialect: 'socks5',
    open: () => {
      const conversation = new Socks5Conversation('socks5', readMarvelSignIn);
      return { reader: conversation, answers: conversation };
    },
  };

  function onPlain(door: Door): (socket: Socket) => void {
    return (socket) => {
      metrics.accepted(door.listener);
      if (keeper.makesRoom(socket)) keeper.serve(door, socket);
      else keeper.turnAway(door, socket);
    };
  }

  const opened: Listener[] = [];
  try {
    const plain = await openListener(config.MARVEL_LISTEN, onPlain(marvel));
    opened.push(plain);
    const forSocks5 = config.MARVEL_LISTEN_SOCKS5 && (await openListener(config.MARVEL_LISTEN_SOCKS5, onPlain(socks5)));
    if (forSocks5) opened.push(forSocks5);
    const { MARVEL_LISTEN_TLS: listenTls, MARVEL_TLS_CERT: certificateFile, MARVEL_TLS_KEY: keyFile } = config;
    const isTlsWanted = listenTls !== undefined && certificateFile !== undefined && keyFile !== undefined;
    const forTls = isTlsWanted
      ? await openTlsListener(
          listenTls,
          {
            files: { certificateFile, keyFile },
            pollMs: config.MARVEL_TLS_POLL_MS,
            handshakeTimeoutMs: config.MARVEL_HEAD_TIMEOUT_MS,
          },
          {
            onSocket: (socket) => {
              metrics.accepted(marvelTls.listener);
              if (keeper.makesRoom(socket)) return true;
              // There is no word for it before TLS stands.
              metrics.refused(marvelTls.dialect, 'overloaded');
              return false;
            },
            onSecure: (socket) => {
              keeper.serve(marvelTls, socket);
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
        ...(forSocks5 && { socks5: forSocks5.address }),
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
