import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

/** The dashboard of a stack at an address of its own, where one version of it can take the place of another. */
export interface Deployments extends AsyncDisposable {
  readonly origin: string;
  /** How often a document was loaded. */
  readonly documents: () => number;
  /** Puts a new version in the place of the one that is served: the files of that are gone. */
  deploy(): void;
  /** From now on the files of this name are missing in every version, and whoever asks for one finds a newer one deployed. */
  lose(name: string): void;
}

/** What names files of a version. */
const rewritten = /^(?:text\/html|text\/css|(?:text|application)\/javascript)/;

export async function openDeployments(dashboard: string): Promise<Deployments> {
  const target = new URL(dashboard);
  let version = 1;
  let documents = 0;
  let lost: string | undefined;

  /** Where the file is at the stack; that of another version is nowhere. */
  function pathAtStack(path: string): string {
    const [, from, file] = /^\/assets\/(\d+)\/(.*)$/.exec(path) ?? [];
    if (from === undefined || file === undefined) return path;
    const isLost = lost !== undefined && file.startsWith(lost);
    if (isLost) version += 1;
    return from === String(version) && !isLost ? `/assets/${file}` : `/assets/gone/${file}`;
  }

  async function pass(incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
    const asked = request({
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: pathAtStack(incoming.url ?? '/'),
      headers: { ...incoming.headers, host: target.host, 'accept-encoding': 'identity' },
    });
    incoming.pipe(asked);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the event gives
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const { 'content-length': _, 'transfer-encoding': _unused, ...headers } = answer.headers;
    const type = headers['content-type'] ?? '';
    let body = await buffer(answer);
    if (rewritten.test(type)) body = Buffer.from(body.toString().replaceAll('assets/', `assets/${version}/`));
    if (type.startsWith('text/html') && incoming.headers['sec-fetch-dest'] === 'document') documents += 1;
    reply.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': body.length });
    reply.end(body);
  }

  const server = createServer((incoming, reply) => {
    pass(incoming, reply).catch(() => reply.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    documents: () => documents,
    deploy: () => {
      version += 1;
    },
    lose: (name) => {
      lost = name;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
