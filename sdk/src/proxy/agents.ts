import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { asError, rememberExit, tunnelOpener, type OpenTunnel, type ProxyOptions, type Tunnel } from './open-tunnel.ts';

type Created = (error: Error | null, socket: Duplex) => void;

/** An agent for `http://` requests, each through a tunnel of its own unless `keepAlive` says otherwise. */
export class MarvelHttpAgent extends HttpAgent {
  readonly #open: OpenTunnel;

  constructor(options: ProxyOptions & AgentOptions) {
    super(options);
    this.#open = tunnelOpener(options);
  }

  override createConnection(options: ClientRequestArgs, created?: Created): undefined {
    openFor(this.#open, options, 80, created, ({ socket }) => socket);
  }
}

/** The same for `https://` requests: the gateway sees only the name of the destination. */
export class MarvelHttpsAgent extends HttpsAgent {
  readonly #open: OpenTunnel;

  constructor(options: ProxyOptions & AgentOptions) {
    super(options);
    this.#open = tunnelOpener(options);
  }

  override createConnection(options: ClientRequestArgs, created?: Created): undefined {
    openFor(this.#open, options, 443, created, ({ socket, exit }) => {
      const overTls = super.createConnection({ ...options, socket } as ClientRequestArgs);
      if (overTls === null || overTls === undefined) throw new TypeError('an agent makes a socket');
      rememberExit(overTls, exit);
      return overTls;
    });
  }
}

function openFor(
  open: OpenTunnel,
  { host, port, signal }: ClientRequestArgs,
  defaultPort: number,
  created: Created | undefined,
  wrap: (tunnel: Tunnel) => Duplex,
): void {
  open(host ?? 'localhost', Number(port ?? defaultPort), signal).then(
    (tunnel) => created?.(null, wrap(tunnel)),
    // The socket of an error is none; the types know of no such case.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    (error: unknown) => created?.(asError(error), undefined as unknown as Duplex),
  );
}

/** Both agents, as clients such as axios and got take them. */
export function proxyAgents(options: ProxyOptions & AgentOptions): {
  readonly http: MarvelHttpAgent;
  readonly https: MarvelHttpsAgent;
} {
  return { http: new MarvelHttpAgent(options), https: new MarvelHttpsAgent(options) };
}
