import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createServer as createTlsServer } from 'node:tls';
import { canonicalPolicy } from '@marvel/shared/destination';
import type { AgentConfig, ExitConfig } from './config.ts';
import type { EmitEvent } from './event.ts';
import { formatListenAddress } from './listen-address.ts';
import { LiveSockets } from './live-sockets.ts';
import { boundLookups, type ResolveHost, resolveHost } from './resolve-host.ts';
import { type ServedExit, serveConnection, type Serving } from './serve-connection.ts';

/** A running agent. */
export interface Agent {
  /** Its exits as they listen, in the order of the configuration. */
  readonly exits: readonly { readonly listen: string; readonly exit_ip: string | null }[];
  /** Stops listening, lets open tunnels end within the drain time, cuts the rest. Gives how many were cut. */
  drain(): Promise<number>;
}

/** Connections over the bound that are still told so; beyond these they are dropped unanswered. */
const maxRefusedConnections = 256;
const keepAliveInitialDelayMs = 60_000;
const socketOptions: ServerOpts = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: keepAliveInitialDelayMs,
};

/** Starts listening for all exits of the configuration. Errors: throws what `listen` or reading the certificate throws. */
export async function startAgent(
  config: AgentConfig,
  emit: EmitEvent,
  resolve: ResolveHost = resolveHost,
): Promise<Agent> {
  const live = new LiveSockets();
  const tls = config.tls && {
    cert: await readFile(config.tls.certFile),
    key: await readFile(config.tls.keyFile),
  };
  let clients = 0;
  let isDraining = false;
  const serving: Serving = {
    ...config,
    policy: withOwnAddresses(config),
    lookup: boundLookups(resolve),
    emit,
    shedding: () => (isDraining ? 'draining' : clients > config.maxConnections ? 'overloaded' : undefined),
    own: (socket) => live.add(socket),
  };

  const accept = (socket: Socket, exit: ServedExit) => {
    clients += 1;
    socket.once('close', () => (clients -= 1));
    // What went wrong shows in how it closes.
    socket.on('error', () => {});
    live.add(socket);
    serveConnection(socket, exit, serving).catch((error: unknown) => {
      emit({ event: 'fault', ...describeFault(error) });
      socket.destroy();
    });
  };

  const servers: Server[] = [];
  const exits: { listen: string; exit_ip: string | null }[] = [];
  try {
    for (const exit of config.exits) {
      const served = { listen: '', tokenDigest: exit.tokenDigest, exitIp: exit.exitIp };
      const onSocket = (socket: Socket) => accept(socket, served);
      const server =
        tls === undefined
          ? createServer(socketOptions, onSocket)
          : createTlsServer({ ...socketOptions, ...tls, handshakeTimeout: config.headTimeoutMs }, onSocket);
      server.maxConnections = config.maxConnections + maxRefusedConnections;
      servers.push(server);
      served.listen = await listen(server, exit);
      // A connection that could not be accepted is no reason to stop serving the others.
      server.on('error', (error) => emit({ event: 'fault', ...describeFault(error) }));
      exits.push({ listen: served.listen, exit_ip: exit.exitIp ?? null });
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }

  const drain = async () => {
    isDraining = true;
    emit({ event: 'draining', connections: clients });
    for (const server of servers) server.close();
    await live.whenEmpty(config.drainTimeoutMs);
    const cut = clients;
    live.cut();
    emit({ event: 'stopped', cut });
    return cut;
  };
  let drained: Promise<number> | undefined;
  return { exits, drain: () => (drained ??= drain()) };
}

/** The policy with every address of this host among those that are refused: an exit is no way into itself. */
function withOwnAddresses({ policy, exits }: AgentConfig) {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outside = interfaces.filter(({ internal }) => !internal);
  const own = [...exits.flatMap(({ exitIp }) => exitIp ?? []), ...outside.map(({ address }) => address)];
  return canonicalPolicy({ ...policy, own_addresses: [...policy.own_addresses, ...own] });
}

function listen(server: Server, { listen: { host, port } }: ExitConfig): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      const boundPort = typeof address === 'object' && address !== null ? address.port : port;
      resolve(formatListenAddress({ host, port: boundPort }));
    });
  });
}

/** A fault without its message, which may quote a destination. */
function describeFault(error: unknown): { error: string; frames: readonly string[] } {
  if (!(error instanceof Error)) return { error: typeof error, frames: [] };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: error.name, frames: frames.map((line) => line.trim()) };
}
