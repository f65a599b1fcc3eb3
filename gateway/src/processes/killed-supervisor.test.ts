import { execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { eventually } from '../../test-support/event-log.ts';
import { startFeedEdge } from '../../test-support/feed-harness.ts';
import { fleetRecord } from '../../test-support/records.ts';
import { edgeKeys } from '../../test-support/scripted-edge.ts';

const program = fileURLToPath(new URL('../main.ts', import.meta.url));
const Ready = v.object({ event: v.literal('process_ready'), pid: v.number() });
const processes = 2;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return address.port;
}

/** Whether a process runs; one that has ended and that nobody asks for keeps its number. */
async function isRunning(pid: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}

test('of a first process that is killed nothing goes on: neither the others nor their listeners', async () => {
  const edge = await startFeedEdge();
  edge.add(fleetRecord());
  const folder = await mkdtemp(join(tmpdir(), 'marvel-gateways-'));
  const identities = ['gtw_0001', 'gtw_0002'].map((id) => {
    return { id, token: `gw_${id}`, signing_key: generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) };
  });
  await writeFile(join(folder, 'gateways.json'), JSON.stringify(identities));
  const port = await freePort();
  const first = spawn(process.execPath, [program, '--processes', String(processes)], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      MARVEL_EDGE_URL: edge.server.url,
      MARVEL_FLEET: 'test',
      MARVEL_CREDENTIAL_PEPPER: 'pepper',
      MARVEL_EDGE_KEYS: JSON.stringify([edgeKeys.jwk]),
      MARVEL_GATEWAYS: join(folder, 'gateways.json'),
      MARVEL_LISTEN: `127.0.0.1:${port}`,
      MARVEL_LISTEN_TLS: 'off',
      MARVEL_LISTEN_SOCKS5: 'off',
      MARVEL_LISTEN_PROXIES_FO_RESIDENTIAL: 'off',
      MARVEL_LISTEN_PROXIES_FO_ISP: 'off',
      MARVEL_LISTEN_PROXIES_FO_DATACENTER: 'off',
      MARVEL_LISTEN_PROXYMESH: 'off',
      MARVEL_LISTEN_ADMIN: '127.0.0.1:0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(first, 'exit');
  const pids: number[] = [];
  try {
    for await (const line of createInterface(first.stderr)) {
      const ready = v.safeParse(v.pipe(v.string(), v.parseJson(), Ready), line);
      if (ready.success) pids.push(ready.output.pid);
      if (pids.length === processes) break;
    }
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);
    expect(await isListening(port)).toBe(true);

    first.kill('SIGKILL');
    await ended;
    await eventually(async () => {
      expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]);
    });
    expect(await isListening(port)).toBe(false);
  } finally {
    first.kill('SIGKILL');
    for (const pid of pids) if (await isRunning(pid)) process.kill(pid, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
