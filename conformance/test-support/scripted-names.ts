import { createServer } from 'node:http';

/** Names that resolve as a test wants, differently each time, for the processes that are started with `nodeOptions`. */
export interface ScriptedNames extends AsyncDisposable {
  /** What each look-up of a name gives, one after the other; the last again and again. */
  set(name: string, answers: readonly (readonly string[])[]): void;
  /** How often a name was looked up. */
  lookups(name: string): number;
  /** `NODE_OPTIONS` of a process that asks here first, and the system for names that are not known here. */
  readonly nodeOptions: string;
}

/** Starts the name server of a test. */
export async function startScriptedNames(): Promise<ScriptedNames> {
  const scripts = new Map<string, readonly (readonly string[])[]>();
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://names').searchParams.get('name') ?? '';
    const script = scripts.get(name);
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    response.statusCode = script === undefined ? 404 : 200;
    response.end(JSON.stringify(script?.[Math.min(count, script.length - 1)] ?? []));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the name server has no port');
  const preload = `
    import dns from 'node:dns';
    import { syncBuiltinESMExports } from 'node:module';
    const real = dns.promises.lookup;
    dns.promises.lookup = async (name, options) => {
      const answer = await fetch('http://127.0.0.1:${address.port}/?name=' + encodeURIComponent(name));
      if (!answer.ok) return real(name, options);
      return (await answer.json()).map((each) => ({ address: each, family: each.includes(':') ? 6 : 4 }));
    };
    syncBuiltinESMExports();
  `;
  return {
    set: (name, answers) => {
      scripts.set(name, answers);
      counts.set(name, 0);
    },
    lookups: (name) => counts.get(name) ?? 0,
    nodeOptions: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
