import { connect, createServer, type Server, type Socket } from 'node:net';
import { defaultDestinationPolicy } from '@marvel/shared/destination';
import type { DestinationPolicy } from '@marvel/shared/feed';
import { type Agent, startAgent } from '../src/agent.ts';
import type { AgentConfig } from '../src/config.ts';
import type { AgentEvent } from '../src/event.ts';
import type { ResolveHost } from '../src/resolve-host.ts';
import { tokenDigest } from '../src/token.ts';

export const token = 'the-token-of-this-exit';

/** A configuration with one exit on loopback that lets the given local ports through. */
export function testConfig(allowedPorts: readonly number[], more: Partial<AgentConfig> = {}): AgentConfig {
  return {
    exits: [{ listen: { host: '127.0.0.1', port: 0 }, tokenDigest: tokenDigest(token) }],
    policy: allowLocal(allowedPorts),
    tls: undefined,
    maxConnections: 100,
    headTimeoutMs: 10_000,
    dialTimeoutMs: 10_000,
    idleTimeoutMs: 600_000,
    drainTimeoutMs: 10_000,
    logHosts: false,
    ...more,
  };
}

export function allowLocal(ports: readonly number[]): DestinationPolicy {
  return { ...defaultDestinationPolicy, allow: ports.map((port) => ({ host: '127.0.0.1', port })) };
}

/** An agent with what it told. */
export interface TestAgent extends AsyncDisposable {
  readonly agent: Agent;
  readonly port: number;
  readonly events: readonly AgentEvent[];
  /** Waits for an event of this kind that has not been waited for. */
  event<K extends AgentEvent['event']>(kind: K): Promise<AgentEvent & { event: K }>;
}

export async function startTestAgent(config: AgentConfig, resolve?: ResolveHost): Promise<TestAgent> {
  const events: AgentEvent[] = [];
  const seen = new Set<AgentEvent>();
  let wake: (() => void) | undefined;
  const emit = (event: AgentEvent) => {
    events.push(event);
    wake?.();
  };
  const agent = await startAgent(config, emit, resolve);
  return {
    agent,
    port: portOf(agent.exits[0]?.listen ?? ''),
    events,
    async event<K extends AgentEvent['event']>(kind: K) {
      for (;;) {
        const found = events.find(
          (event): event is AgentEvent & { event: K } => event.event === kind && !seen.has(event),
        );
        if (found !== undefined) {
          seen.add(found);
          return found;
        }
        await new Promise<void>((done) => (wake = done));
      }
    },
    async [Symbol.asyncDispose]() {
      await agent.drain();
    },
  };
}

export function portOf(listen: string): number {
  return Number(listen.slice(listen.lastIndexOf(':') + 1));
}

/** A local TCP server that gives each connection to `serve`, and knows those it accepted. */
export interface TestOrigin extends AsyncDisposable {
  readonly port: number;
  readonly accepted: readonly Socket[];
}

export async function startOrigin(serve: (socket: Socket) => void): Promise<TestOrigin> {
  const accepted: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    accepted,
    async [Symbol.asyncDispose]() {
      for (const socket of accepted) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client of the agent that keeps all it received. */
export class TestClient {
  readonly socket: Socket;
  #received: Buffer[] = [];
  #wake = () => {};
  readonly ended: Promise<'end' | 'reset' | 'closed'>;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#received.push(bytes);
      this.#wake();
    });
    this.ended = new Promise((resolve) => {
      socket.once('end', () => resolve('end'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNRESET' ? 'reset' : 'closed'));
      socket.once('close', () => resolve('closed'));
    });
    socket.on('error', () => {});
    socket.once('end', () => this.#wake()).once('close', () => this.#wake());
  }

  static connect(port: number): TestClient {
    return new TestClient(connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true }));
  }

  get received(): Buffer {
    const all = Buffer.concat(this.#received);
    this.#received = [all];
    return all;
  }

  /** Waits until the received bytes hold a text, or the connection is over; takes them up to its end, or all. */
  async takeThrough(text: string): Promise<string> {
    for (;;) {
      const received = this.received;
      const at = received.indexOf(text);
      const end = at === -1 ? received.length : at + text.length;
      if (at !== -1 || this.socket.destroyed || this.socket.readableEnded) {
        this.#received = [received.subarray(end)];
        return received.toString('latin1', 0, end);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** The head of a CONNECT. `authorization` defaults to the right token. */
export function connectHead(authority: string, authorization: string | null = `Bearer ${token}`): string {
  const field = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${field}X-Marvel-Request-Id: req_1\r\n\r\n`;
}

/** Opens a connection, sends a CONNECT and `glued` bytes, and gives the answer's head. */
export async function openTunnel(
  port: number,
  authority: string,
  { authorization, glued = '' }: { authorization?: string | null; glued?: string } = {},
): Promise<{ client: TestClient; status: number; answer: string }> {
  const client = TestClient.connect(port);
  client.socket.write(connectHead(authority, authorization) + glued);
  const answer = await client.takeThrough('\r\n\r\n');
  return { client, status: Number(answer.split(' ')[1]), answer };
}
