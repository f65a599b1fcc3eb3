import { request as requestOverTcp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestOverTls } from 'node:https';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { MarvelConnectionError } from '../client/errors.ts';
import type { ProxyUrlOptions } from '../proxy-url.ts';
import { readExitInfo, type ExitInfo } from './exit-info.ts';
import { readProxyAddress, type ProxyAddress } from './proxy-address.ts';
import { MarvelProxyError } from './proxy-error.ts';

/** A gateway dials for 15 s at most, and a head may be on its way for longer. */
const defaultTimeoutMs = 30_000;

export interface ProxyOptions {
  /** A proxy URL such as `http://<key>:country-US@<gateway>`, or its parts. */
  readonly proxy: string | URL | ProxyUrlOptions;
  /** What a sticky session does when its exit is lost: take another, or answer `no_capacity`. Default `repin`. */
  readonly onExitLoss?: 'repin' | 'fail' | undefined;
  /** How to trust a gateway that is spoken to over TLS, such as `ca`. */
  readonly proxyTls?: ConnectionOptions | undefined;
  /** For the tunnel to open. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  /** Told of each tunnel that was opened. */
  readonly onTunnel?: ((exit: ExitInfo) => void) | undefined;
}

/** A way to a destination through an exit. */
export interface Tunnel {
  readonly socket: Socket;
  readonly exit: ExitInfo;
}

/** Opens tunnels to `host:port` of one gateway with one target. */
export type OpenTunnel = (host: string, port: number, signal?: AbortSignal) => Promise<Tunnel>;

const tunnels = new WeakMap<object, ExitInfo>();

/** Remembers which exit is behind a socket, and behind what speaks TLS over it. */
export function rememberExit(socket: object, exit: ExitInfo): void {
  tunnels.set(socket, exit);
}

/** The exit behind a socket that one of these agents opened. */
export function exitOfSocket(socket: object): ExitInfo | undefined {
  return tunnels.get(socket);
}

/** Errors: throws like `readProxyAddress` when the options are wrong. */
export function tunnelOpener(options: ProxyOptions): OpenTunnel {
  const address = readProxyAddress(options.proxy);
  return async (host, port, signal) => openTunnel(address, options, host, port, signal);
}

/**
 * Opens one tunnel.
 *
 * Errors: `MarvelProxyError` when the gateway refuses, `MarvelConnectionError` when it cannot be reached or says
 * nothing in time, and the reason of the signal.
 */
async function openTunnel(
  address: ProxyAddress,
  options: ProxyOptions,
  host: string,
  port: number,
  signal: AbortSignal | undefined,
): Promise<Tunnel> {
  signal?.throwIfAborted();
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const { answer, socket } = await connectThrough(address, options, authorityOf(host, port), either);
    const { statusCode = 0, statusMessage = '', headers } = answer;
    const header = (name: string) => headers[name]?.toString();
    if (statusCode !== 200) {
      socket.destroy();
      throw new MarvelProxyError(statusCode, statusMessage, header, Date.now());
    }
    const exit = readExitInfo(header);
    rememberExit(socket, exit);
    options.onTunnel?.(exit);
    return { socket, exit };
  } catch (error) {
    if (error instanceof MarvelProxyError) throw error;
    signal?.throwIfAborted();
    const gateway = authorityOf(address.host, address.port);
    throw timeout.aborted
      ? new MarvelConnectionError('timed_out', `the gateway ${gateway} opened no tunnel within ${timeoutMs} ms`)
      : new MarvelConnectionError('connection_failed', `the gateway ${gateway} cannot be reached`, { cause: error });
  }
}

interface ConnectAnswer {
  readonly answer: IncomingMessage;
  readonly socket: Socket;
}

async function connectThrough(
  address: ProxyAddress,
  { proxyTls, onExitLoss }: ProxyOptions,
  authority: string,
  signal: AbortSignal,
): Promise<ConnectAnswer> {
  const connect: RequestOptions = {
    host: address.host,
    port: address.port,
    method: 'CONNECT',
    path: authority,
    headers: {
      Host: authority,
      'Proxy-Authorization': address.authorization,
      ...(onExitLoss === 'fail' ? { 'X-Marvel-On-Exit-Loss': 'fail' } : {}),
    },
    agent: false,
    signal,
  };
  return new Promise((resolve, reject) => {
    const asked = address.isTls ? requestOverTls({ ...connect, ...proxyTls }) : requestOverTcp(connect);
    // Node gives every answer to a CONNECT so, a refusal too.
    asked.once('connect', (answer, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve({ answer, socket });
    });
    asked.once('error', reject);
    asked.once('close', () => reject(new Error('the connection closed before an answer')));
    asked.end();
  });
}

function authorityOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What was thrown, as the callbacks of Node want it. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
