import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { err, type Result } from '@marvel/shared/result';
import { WebSocketServer } from 'ws';
import { openListener, type ListenOptions } from './listener.ts';
import { execute } from './neon-front/execute.ts';
import { renderFailure, type FrontAnswer, type FrontFailure } from './neon-front/failure.ts';
import { readSqlRequest } from './neon-front/request.ts';
import { createSessions, type Sessions } from './neon-front/sessions.ts';
import { isLocalServer, parseTarget } from './neon-front/target.ts';
import { tunnel } from './neon-front/tunnel.ts';

export interface NeonFrontOptions extends ListenOptions {
  /** The port of the PostgreSQL server on 127.0.0.1 that the front stands before. */
  readonly postgresPort: number;
}

/** Speaks Neon's protocols before a plain PostgreSQL server, so that `@neondatabase/serverless` runs unchanged. */
export interface NeonFront extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** For `neonConfig.fetchEndpoint`. */
  readonly fetchEndpoint: string;
  /** For `neonConfig.wsProxy`, with `useSecureWebSocket` off. */
  readonly wsProxy: string;
  /** Holds every later request and WebSocket for so long before it is looked at; 0 ends it. */
  delay(delayMs: number): void;
  /** Cuts every connection, in the middle of a query too, and refuses new ones. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Sessions that WebSocket clients may hold open; the pool of the HTTP side has its own share. */
const maxWebSockets = 30;
/** The driver joins small writes; a frame beyond this is none of its. */
const maxFrameBytes = 16 * 1024 * 1024;

async function answerSql(
  request: IncomingMessage,
  sessions: Sessions,
  postgresPort: number,
  abandoned: AbortSignal,
): Promise<Result<object, FrontFailure>> {
  const connectionString = request.headers['neon-connection-string'];
  const target = parseTarget(typeof connectionString === 'string' ? connectionString : '', postgresPort);
  if (!target.ok) {
    const message = { malformed: 'missing or malformed connection string', elsewhere: 'not the local server' }[
      target.error
    ];
    return err({ code: 'bad_request', message });
  }
  const sql = await readSqlRequest(request);
  if (!sql.ok) return sql;
  const session = await sessions.open(target.value);
  if (!session.ok) return session;
  const client = session.value;
  const answer = await execute(client, sql.value, abandoned);
  // A session that is not idle (a bare BEGIN was sent) or that broke must not serve the next request.
  const broken = !answer.ok && answer.error.code === 'session_lost';
  client.release(broken || abandoned.aborted || client.getTransactionStatus() !== 'I');
  return answer;
}

function writeAnswer(response: ServerResponse, answer: FrontAnswer): void {
  const body = Buffer.from(JSON.stringify(answer.body));
  response.writeHead(answer.status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    'Access-Control-Allow-Origin': '*',
  });
  response.end(body);
}

/** Refuses a WebSocket before it is one. */
function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/**
 * Starts the front on 127.0.0.1: `POST /sql` and WebSockets at `/v2?address=host:port`.
 *
 * Connection strings and addresses are served only when they name the local server. Bounds: bodies and answers 10 MiB,
 * 40 sessions and 1,000 waiting requests per user and database, 4 of these at once, 30 WebSockets.
 */
export async function startNeonFront(options: NeonFrontOptions): Promise<NeonFront> {
  const { postgresPort } = options;
  const sessions = createSessions(postgresPort);
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes });
  let currentDelayMs = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const abandoned = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) abandoned.abort();
    });
    if (currentDelayMs > 0) await sleep(currentDelayMs);
    if (request.url !== '/sql') writeAnswer(response, { status: 404, body: { message: 'not found' } });
    else if (request.method !== 'POST') writeAnswer(response, { status: 405, body: { message: 'method not allowed' } });
    else {
      const answer = await answerSql(request, sessions, postgresPort, abandoned.signal);
      writeAnswer(response, answer.ok ? { status: 200, body: answer.value } : renderFailure(answer.error));
    }
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (currentDelayMs > 0) await sleep(currentDelayMs);
    const url = new URL(request.url ?? '/', 'http://front');
    const address = URL.parse(`postgres://${url.searchParams.get('address') ?? `127.0.0.1:${postgresPort}`}`);
    if (url.pathname !== '/v2') return refuseUpgrade(socket, '404 Not Found');
    if (address === null || !isLocalServer(address.hostname, address.port, postgresPort)) {
      return refuseUpgrade(socket, '403 Forbidden');
    }
    if (webSockets.clients.size >= maxWebSockets) return refuseUpgrade(socket, '503 Service Unavailable');
    webSockets.handleUpgrade(request, socket, head, (webSocket) => void tunnel(webSocket, postgresPort));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy()); // the client went away while its body was read
  });
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head).catch(() => socket.destroy());
  });
  const listener = await openListener(server, options);

  async function stop(): Promise<void> {
    await listener.stop();
    await sessions.close();
  }

  const address = `${listener.host}:${listener.port}`;
  return {
    port: listener.port,
    url: `http://${address}`,
    fetchEndpoint: `http://${address}/sql`,
    wsProxy: `${address}/v2`,
    delay(delayMs) {
      currentDelayMs = delayMs;
    },
    stop,
    start: async () => listener.start(),
    [Symbol.asyncDispose]: stop,
  };
}
