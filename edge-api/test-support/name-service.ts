import { createServer, type Server } from 'node:http';

/** What is asked for of a host name: record types by number, as DNS over HTTPS answers them in JSON. */
export interface NameService extends AsyncDisposable {
  readonly url: string;
  /** What a name resolves to from now on; `undefined` makes look-ups of it fail. */
  set(hostname: string, addresses: readonly string[] | undefined): void;
}

const ipv4Type = 1;
const aliasType = 5;
const ipv6Type = 28;

/** Starts a name service that knows only what it was told. */
export async function startNameService(): Promise<NameService> {
  const names = new Map<string, readonly string[] | undefined>();
  const server: Server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://name-service');
    const name = searchParams.get('name') ?? '';
    const type = searchParams.get('type') === 'AAAA' ? ipv6Type : ipv4Type;
    const known = names.has(name);
    const addresses = names.get(name);
    const failed = known && addresses === undefined;
    const data = (addresses ?? []).filter((address) => address.includes(':') === (type === ipv6Type));
    const answers = [{ type: aliasType, data: 'alias.example.' }, ...data.map((each) => ({ type, data: each }))];
    response.setHeader('Content-Type', 'application/dns-json');
    response.end(JSON.stringify({ Status: failed ? 2 : known ? 0 : 3, ...(known ? { Answer: answers } : {}) }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the name service has no port');
  return {
    url: `http://127.0.0.1:${address.port}/dns-query`,
    set: (hostname, addresses) => names.set(hostname, addresses),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
