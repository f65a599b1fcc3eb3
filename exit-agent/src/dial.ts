import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import { err, ok, type Result } from '@marvel/shared/result';

/** Bounds of a dial. */
export interface DialLimits {
  /** The exit's own address, from which to dial; only addresses of its family are dialled then. */
  readonly localAddress: string | undefined;
  /** For all addresses together, ms. */
  readonly totalMs: number;
  /** For one address while there is another to try, ms. */
  readonly perAddressMs: number;
}

/** `unreachable`: the destination's fault, or its network's. `exhausted`: this host's: no descriptor, port or such address. */
export type DialFailure = 'unreachable' | 'exhausted';

/** What the owner of a dial has to do with its sockets. */
export interface DialHooks {
  /** Sees each attempt at once, so that the owner can destroy it. */
  readonly onSocket: (socket: Socket) => void;
  readonly onread: OnReadOpts;
}

/** The most addresses tried for one destination. */
const maxDials = 8;
const keepAliveInitialDelayMs = 60_000;
/** Errors of the agent's own host. Source: connect(2), bind(2), socket(2). */
const ownErrors: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
]);

/**
 * Dials IP literals one after the other until one accepts. An exit answers for one address, so with a `localAddress` the
 * other family is never used: its traffic would leave from an address that nobody vetted. The socket comes paused.
 *
 * Source: CONTRACT 3.7.
 */
export async function dial(
  addresses: readonly string[],
  port: number,
  { localAddress, totalMs, perAddressMs }: DialLimits,
  { onSocket, onread }: DialHooks,
): Promise<Result<Socket, DialFailure>> {
  const deadlineMs = performance.now() + totalMs;
  const usable = addresses
    .filter((address) => localAddress === undefined || isIP(address) === isIP(localAddress))
    .slice(0, maxDials);
  for (const [index, address] of usable.entries()) {
    const remainingMs = deadlineMs - performance.now();
    if (remainingMs <= 0) break;
    const isLast = index === usable.length - 1;
    const attempt = await connectOnce(
      { address, port, localAddress, timeoutMs: isLast ? remainingMs : Math.min(perAddressMs, remainingMs) },
      { onSocket, onread },
    );
    if (attempt.ok || attempt.error === 'exhausted') return attempt;
  }
  return err('unreachable');
}

interface Attempt {
  readonly address: string;
  readonly port: number;
  readonly localAddress: string | undefined;
  readonly timeoutMs: number;
}

function connectOnce(
  { address, port, localAddress, timeoutMs }: Attempt,
  { onSocket, onread }: DialHooks,
): Promise<Result<Socket, DialFailure>> {
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      ...(localAddress === undefined ? {} : { localAddress }),
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveInitialDelayMs,
      onread,
    });
    socket.pause();
    onSocket(socket);
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    let failure: DialFailure = 'unreachable';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (ownErrors.has(error.code ?? '')) failure = 'exhausted';
    });
    const onClose = () => {
      clearTimeout(timer);
      resolve(err(failure));
    };
    socket.once('close', onClose);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('close', onClose);
      resolve(ok(socket));
    });
  });
}
