import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Client, Dispatcher, type buildConnector } from 'undici';
import type { ExitInfo } from '../proxy/exit-info.ts';
import { asError, rememberExit, tunnelOpener, type OpenTunnel, type ProxyOptions } from '../proxy/open-tunnel.ts';
import { withExitHeaders } from './exit-headers.ts';

export interface MarvelDispatcherOptions extends ProxyOptions {
  /**
   * Whether a tunnel is used again for the next request to the same origin, which then comes from the same exit.
   * Default false: a tunnel, and so a choice of exit, for each request.
   */
  readonly keepAlive?: boolean | undefined;
  /** How to trust destinations over TLS, such as `ca`. */
  readonly requestTls?: ConnectionOptions | undefined;
}

/** The most tunnels to one origin that are kept for later. */
const maxIdle = 64;

/** For a destination to agree on TLS once the tunnel is open. */
const handshakeTimeoutMs = 15_000;

/** One tunnel at a time to one origin. */
interface Lane {
  readonly origin: string;
  readonly client: Client;
  exit: ExitInfo | undefined;
}

/**
 * What `fetch` and undici take as `dispatcher`: each request through a tunnel of the gateway.
 *
 * `exitOf(response)` tells which exit it came through. A refusal of the gateway is a `MarvelProxyError`: from `fetch` as
 * the `cause` of its `TypeError`, where `proxyErrorOf` finds it.
 */
export class MarvelDispatcher extends Dispatcher {
  readonly #open: OpenTunnel;
  readonly #options: MarvelDispatcherOptions;
  readonly #lanes = new Set<Lane>();
  readonly #idle = new Map<string, Lane[]>();
  #isClosed = false;

  constructor(options: MarvelDispatcherOptions) {
    super();
    this.#options = options;
    this.#open = tunnelOpener(options);
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (this.#isClosed) throw new Error('the dispatcher is closed');
    if (options.origin === undefined) throw new TypeError('origin: must be given');
    const origin = new URL(options.origin).origin;
    const lane = this.#idle.get(origin)?.pop() ?? this.#newLane(origin);
    return lane.client.dispatch(
      { ...options, origin },
      withExitHeaders(handler, { exit: () => lane.exit, ended: () => this.#release(lane) }),
    );
  }

  override close(): Promise<void>;
  override close(done: () => void): void;
  override close(done?: () => void): Promise<void> | void {
    return this.#end(async (client) => client.close(), done);
  }

  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(done: () => void): void;
  override destroy(error: Error | null, done: () => void): void;
  override destroy(error?: Error | null | (() => void), done?: () => void): Promise<void> | void {
    const reason = error instanceof Error ? error : null;
    return this.#end(async (client) => client.destroy(reason), typeof error === 'function' ? error : done);
  }

  async #end(endClient: (client: Client) => Promise<void>, done: () => void = () => undefined): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#lanes].map(async ({ client }) => endClient(client)));
    done();
  }

  #newLane(origin: string): Lane {
    const lane: Lane = {
      origin,
      exit: undefined,
      client: new Client(origin, {
        pipelining: 1,
        allowH2: false,
        // Opening a tunnel has a time of its own.
        connect: (asked, connected) => {
          this.#connect(lane, asked).then(
            (socket) => connected(null, socket),
            (error: unknown) => connected(asError(error), null),
          );
        },
      }),
    };
    this.#lanes.add(lane);
    return lane;
  }

  async #connect(lane: Lane, asked: buildConnector.Options) {
    const { hostname, protocol, servername } = asked;
    const isTls = protocol === 'https:';
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const { socket, exit } = await this.#open(host, asked.port === '' ? (isTls ? 443 : 80) : Number(asked.port));
    lane.exit = exit;
    if (!isTls) return socket;
    const overTls = connectTls({
      ALPNProtocols: ['http/1.1'],
      // Source: RFC 6066 section 3: an address is no server name.
      ...(isIP(host) === 0 ? { servername: servername ?? host } : { host }),
      ...this.#options.requestTls,
      socket,
    });
    rememberExit(overTls, exit);
    const timer = setTimeout(() => overTls.destroy(new Error(`${host} said nothing over TLS`)), handshakeTimeoutMs);
    try {
      await once(overTls, 'secureConnect');
    } finally {
      clearTimeout(timer);
    }
    return overTls;
  }

  #release(lane: Lane): void {
    const idle = this.#idle.get(lane.origin) ?? [];
    if (this.#options.keepAlive === true && !this.#isClosed && idle.length < maxIdle) {
      idle.push(lane);
      this.#idle.set(lane.origin, idle);
      return;
    }
    lane.client.close().then(
      () => this.#lanes.delete(lane),
      () => this.#lanes.delete(lane),
    );
  }
}
