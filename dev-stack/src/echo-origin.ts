import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openListener, type ListenOptions } from './listener.ts';
import { createConnectionCounter, type ConnectionCounter, type OriginConnection } from './origin/connections.ts';
import { pattern } from './origin/pattern.ts';

/** What the origin saw, as it answers to `/`. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly remote: { readonly address: string; readonly port: number };
  /** Bytes that arrived on this connection so far, heads included. */
  readonly connection_bytes: number;
  /** Bytes of this request's body. */
  readonly received_bytes: number;
}

export interface EchoOriginOptions extends ListenOptions {
  /** Default: one of its own. Origins that share one count in it together. */
  readonly counter?: ConnectionCounter;
  /** Speaks HTTPS with this key and certificate, both PEM. Default: plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** An HTTP origin that says what reached it, and whose kernel-level counts tests can read. */
export interface EchoOrigin extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** In the order in which they were accepted. */
  connections(): readonly OriginConnection[];
  readonly counter: ConnectionCounter;
  /** Holds every later answer for so long; 0 ends it. */
  delay(delayMs: number): void;
  /** Cuts every connection and refuses new ones. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** 10 GB. */
const maxDownloadBytes = 10_000_000_000;
const downloadPath = /^\/bytes\/(0|[1-9]\d{0,10})$/;

/** Longer than the gateway's own idle limits in tests, so that it is never the origin that ends a kept connection. */
const keepAliveMs = 60_000;

async function countBody(request: IncomingMessage): Promise<number> {
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a request without an encoding gives buffers');
    length += chunk.length;
  }
  return length;
}

function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': body.length, ...headers });
  response.end(body);
}

async function answerEcho(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const receivedBytes = await countBody(request);
  const { method = '', url = '', headers, socket } = request;
  const echo: Echo = {
    method,
    url,
    headers,
    remote: { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 },
    connection_bytes: socket.bytesRead,
    received_bytes: receivedBytes,
  };
  const body = Buffer.from(`${JSON.stringify(echo)}\n`);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

async function answerDownload(request: IncomingMessage, response: ServerResponse, length: number): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': length });
  if (request.method === 'HEAD') response.end();
  else await pipeline(Readable.from(pattern(length)), response);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '' } = request;
  const [path = ''] = (request.url ?? '').split('?');
  const download = downloadPath.exec(path);
  const length = download === null ? undefined : Number(download[1]);
  const isDownload = length !== undefined && length <= maxDownloadBytes;
  if (path !== '/' && !isDownload) return answerText(response, 404, 'not found: try /, or /bytes/<n> up to 10 GB');
  const allowed = isDownload ? ['GET', 'HEAD'] : ['GET', 'HEAD', 'POST', 'PUT'];
  if (!allowed.includes(method)) return answerText(response, 405, 'method not allowed', { Allow: allowed.join(', ') });
  return isDownload ? answerDownload(request, response, length) : answerEcho(request, response);
}

/**
 * Starts the origin on 127.0.0.1: `GET /` tells what it saw, `POST /` and `PUT /` also how long the body was,
 * `GET /bytes/<n>` sends n bytes (at most 10 GB) as fast as they are taken.
 */
export async function startEchoOrigin(options: EchoOriginOptions): Promise<EchoOrigin> {
  const { counter = createConnectionCounter() } = options;
  let currentDelayMs = 0;
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (currentDelayMs > 0) await sleep(currentDelayMs);
    await answer(request, response);
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('X-Echo-Remote-Port', `${request.socket.remotePort ?? 0}`);
    handle(request, response).catch(() => response.destroy()); // the client went away in the middle
  }

  const { tls } = options;
  const settings = { keepAliveTimeout: keepAliveMs };
  const server = tls === undefined ? createServer(settings, serve) : createTlsServer({ ...settings, ...tls }, serve);
  counter.watch(server);
  const listener = await openListener(server, options);
  return {
    port: listener.port,
    url: `${tls === undefined ? 'http' : 'https'}://${listener.host}:${listener.port}`,
    connections: () => counter.list(),
    counter,
    delay(delayMs) {
      currentDelayMs = delayMs;
    },
    start: async () => listener.start(),
    stop: async () => listener.stop(),
    [Symbol.asyncDispose]: async () => listener.stop(),
  };
}
