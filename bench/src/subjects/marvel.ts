import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as v from 'valibot';
import { openScriptedEdge, type ScriptedEdge } from '../edge/scripted-edge.ts';
import type { Site } from '../site.ts';
import { type MarvelFleet, marvelFleet } from './marvel-fleet.ts';
import { startPinned } from './pinned-proxy.ts';
import type { Subject } from './subject.ts';

const program = join(import.meta.dirname, '../../../gateway/src/main.ts');
const image = join(import.meta.dirname, '../../../deploy/gateway/Dockerfile');
const Command = v.tupleWithRest([v.literal('node')], v.string());
const readyLimitMs = 20_000;
const readyPollMs = 50;

/** The gateway itself: its own program and process, with nothing switched off. */
export const marvel: Subject = {
  name: 'marvel',
  note: 'the gateway, everything on: credentials, policy, leases, metering, state on disk, events, metrics',
  missing: () => (existsSync(program) ? undefined : 'gateway/src/main.ts is not there'),
  version: () => `Node ${process.version}`,
  runs: () => true,
  isCompiledLate: true,
  async start(site, topology) {
    await using parts = new AsyncDisposableStack();
    const fleet = marvelFleet(site, topology);
    const edge = parts.use(await openScriptedEdge(fleet.records));
    const port = await site.reservePort();
    const adminPort = await site.reservePort();
    const running = parts.use(
      await startPinned(
        site,
        [process.execPath, ...(await nodeOptions()), program],
        { port, speak: 'connect', login: { username: fleet.key, password: 'country-US' } },
        await environment(site, edge, fleet, { port, adminPort }),
      ),
    );
    await untilReady(adminPort, async () => running.log());
    const kept = parts.move();
    return { ...running, [Symbol.asyncDispose]: async () => kept.disposeAsync() };
  },
};

/** What the image has Node started with. Errors: throws when its command cannot be read. */
async function nodeOptions(): Promise<readonly string[]> {
  const [, command = ''] = /^CMD (\[.*\])$/m.exec(await readFile(image, 'utf8')) ?? [];
  const [, ...args] = v.parse(Command, JSON.parse(command));
  return args.slice(0, args.indexOf('gateway/src/main.ts'));
}

async function environment(
  site: Site,
  edge: ScriptedEdge,
  fleet: MarvelFleet,
  ports: { readonly port: number; readonly adminPort: number },
): Promise<Record<string, string>> {
  const stateFolder = join(site.folder, `${ports.port}-state`);
  await mkdir(stateFolder);
  return {
    MARVEL_EDGE_URL: edge.url,
    MARVEL_GATEWAY_ID: 'gtw_bench',
    MARVEL_GATEWAY_TOKEN: 'gw_bench',
    MARVEL_GATEWAY_SIGNING_KEY: JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })),
    MARVEL_FLEET: edge.fleet,
    MARVEL_CREDENTIAL_PEPPER: fleet.pepper,
    MARVEL_EDGE_KEYS: JSON.stringify([edge.publicKey]),
    MARVEL_LISTEN: `127.0.0.1:${ports.port}`,
    MARVEL_LISTEN_ADMIN: `127.0.0.1:${ports.adminPort}`,
    // Nobody knocks there; their usual ports may be those of a stack that runs beside.
    MARVEL_LISTEN_TLS: '127.0.0.1:0',
    MARVEL_LISTEN_SOCKS5: '127.0.0.1:0',
    MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL: 'off',
    MARVEL_LISTEN_PROXIES_FO_ISP: 'off',
    MARVEL_LISTEN_PROXIES_FO_DATACENTER: 'off',
    MARVEL_LISTEN_PROXYMESH: 'off',
    MARVEL_STATE_DIR: stateFolder,
  };
}

/** The port opens before the feed has been read. */
async function untilReady(adminPort: number, log: () => Promise<string>): Promise<void> {
  const endsAt = performance.now() + readyLimitMs;
  while (performance.now() < endsAt) {
    const status = await fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
      async (response) => response.text().then(() => response.status),
      () => undefined,
    );
    if (status === 200) return;
    await pause(readyPollMs);
  }
  throw new Error(`the gateway is not ready after ${readyLimitMs} ms: ${await log()}`);
}
