import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Listener, ListenAddress, openListener } from '../sockets/listener.ts';
import { type KeyPair, type KeyPairFault, readKeyPair, type TlsFiles, TlsFilesWatch } from './tls-files.ts';
import { TlsTermination } from './tls-termination.ts';

/** How connections begin with TLS. */
export interface TlsOptions {
  readonly files: TlsFiles;
  /** How often the files are looked at where the file system does not tell of their changes. */
  readonly pollMs: number;
  /** How long a client has for its part of the handshake. */
  readonly handshakeTimeoutMs: number;
}

/** Who hears what becomes of a TLS listener and its connections. */
export interface TlsListenerEvents {
  /** A connection, before any TLS: whether there is room for it. */
  readonly onSocket: (socket: Socket) => boolean;
  readonly onSecure: (socket: TLSSocket) => void;
  readonly onHandshakeFailed: () => void;
  readonly onRenewed: (expiresAtMs: number) => void;
  readonly onFault: (fault: KeyPairFault) => void;
}

/** A listener with TLS. */
export interface TlsListener extends Listener {
  /** When the certificate that is shown ends, ms since 1970. */
  readonly expiresAtMs: number;
}

/**
 * Opens a listener on which TLS comes first, with a certificate that is exchanged as soon as its files are. Errors: rejects
 * when the files hold no certificate with its key, or the address cannot be bound.
 */
export async function openTlsListener(
  listen: ListenAddress,
  open: typeof openListener,
  { files, pollMs, handshakeTimeoutMs }: TlsOptions,
  events: TlsListenerEvents,
): Promise<TlsListener> {
  const read = await readKeyPair(files);
  if (!read.ok) {
    throw new Error(
      `no certificate with its key in ${files.certificateFile} and ${files.keyFile} (${read.error.code})`,
    );
  }
  let shown: KeyPair = read.value;
  const termination = new TlsTermination(shown, handshakeTimeoutMs, {
    onSecure: events.onSecure,
    onFailed: events.onHandshakeFailed,
  });
  const listener = await open(listen, (socket) => {
    if (events.onSocket(socket)) termination.take(socket);
    else socket.destroy();
  });
  const watch = new TlsFilesWatch(files, shown, pollMs, {
    onRenewed: (pair) => {
      shown = pair;
      termination.show(pair);
      events.onRenewed(pair.expiresAtMs);
    },
    onFault: events.onFault,
  });
  return {
    address: listener.address,
    get expiresAtMs() {
      return shown.expiresAtMs;
    },
    close() {
      watch.close();
      listener.close();
    },
  };
}
