import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';

/** What the admin listener tells. */
export interface AdminSources {
  /** Why no new work should be sent here; `undefined` when it should. */
  readonly notReady: () => string | undefined | Promise<string | undefined>;
  readonly contentType: string;
  readonly metrics: () => Promise<string>;
}

/** The open admin listener. */
export interface AdminListener {
  /** `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

const maxHeaderBytes = 8192;
const requestTimeoutMs = 10_000;

/**
 * Opens the listener for whoever runs the gateway: `/healthz` (the process lives), `/readyz` (it can judge and serve),
 * `/metrics`. Has no credentials, so it belongs on loopback or a private network. Errors: rejects when the address cannot
 * be bound.
 */
export async function openAdminListener(
  listen: { readonly host: string; readonly port: number },
  sources: AdminSources,
): Promise<AdminListener> {
  const server = createServer(
    { maxHeaderSize: maxHeaderBytes, requestTimeout: requestTimeoutMs },
    (request, response) => {
      request.resume();
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('Allow', 'GET, HEAD');
        answer(response, 405, 'method not allowed\n');
        return;
      }
      route(request.url?.split('?', 1)[0] ?? '', response, sources);
    },
  );
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new TypeError('not bound to an IP address');
  const { address, family, port } = bound;
  return {
    address: family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

function route(path: string, response: ServerResponse, sources: AdminSources): void {
  switch (path) {
    case '/healthz':
      answer(response, 200, 'ok\n');
      break;
    case '/readyz':
      answerReadiness(response, sources).catch(() => {
        response.destroy();
      });
      break;
    case '/metrics':
      answerMetrics(response, sources).catch(() => {
        response.destroy();
      });
      break;
    default:
      answer(response, 404, 'not found\n');
  }
}

async function answerReadiness(response: ServerResponse, sources: AdminSources): Promise<void> {
  const reason = await sources.notReady();
  answer(response, reason === undefined ? 200 : 503, `${reason ?? 'ready'}\n`);
}

async function answerMetrics(response: ServerResponse, sources: AdminSources): Promise<void> {
  answer(response, 200, await sources.metrics(), sources.contentType);
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Cache-Control': 'no-store' });
  response.end(body);
}
