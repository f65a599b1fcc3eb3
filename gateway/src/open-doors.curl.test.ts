import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificate } from '../test-support/certificates.ts';
import { relays, ScriptedExit } from '../test-support/scripted-exit.ts';
import { TestGateway } from '../test-support/test-gateway.ts';

// The way through each door with a client that people use, from end to end.

let folder: string;
let gateway: TestGateway;
let exit: ScriptedExit;
let origin: Server;
let url: string;
const page = 'all is well\n'.repeat(10_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marvel-gateway-doors-'));
  const { certificate, key } = await makeCertificate();
  await writeFile(join(folder, 'cert.pem'), certificate);
  await writeFile(join(folder, 'key.pem'), key);
  origin = createServer((request, response) => {
    request.resume().on('end', () => {
      response.end(page);
    });
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { port } = origin.address() as AddressInfo;
  url = `http://127.0.0.1:${port}/`;
  exit = await ScriptedExit.start(relays);
  gateway = await TestGateway.start({
    MARVEL_TLS_CERT: join(folder, 'cert.pem'),
    MARVEL_TLS_KEY: join(folder, 'key.pem'),
  });
  gateway.fleet.policy = { ...gateway.fleet.policy, allow: [{ host: '127.0.0.1', port }] };
  gateway.addExit(exit.port);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
  origin.close();
  await rm(folder, { recursive: true });
});

/** Runs curl; gives its exit code and what it printed. */
async function curl(...args: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  return new Promise((resolve) => {
    execFile('curl', ['-sS', '--noproxy', '', ...args], { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, output: stdout + stderr });
    });
  });
}

function proxyUser(target = 'country-US'): string[] {
  return ['--proxy-user', `${gateway.key}:${target}`];
}

test('curl gets a page over SOCKS5, and the name of the host is left to the gateway', async () => {
  const { socks5 = '' } = gateway.gateway.addresses;
  expect(await curl('--socks5-hostname', socks5, ...proxyUser(), url)).toEqual({ code: 0, output: page });
  expect(exit.heads.at(-1)).toContain(`CONNECT ${new URL(url).host} `);
});

test('curl says so when its SOCKS5 credentials or destination are refused', async () => {
  const { socks5 = '' } = gateway.gateway.addresses;
  const refusedUser = await curl('--socks5-hostname', socks5, ...proxyUser('country-USA'), url);
  expect(refusedUser.code).toBe(97);
  expect(refusedUser.output).toContain('User was rejected by the SOCKS5 server (1 1)');
  const refusedHost = await curl('--socks5-hostname', socks5, ...proxyUser(), 'http://127.0.0.1:25/');
  expect(refusedHost.code).toBe(97);
  expect(refusedHost.output).toContain('(2)');
});

test('curl gets a page through TLS to the proxy', async () => {
  const { tls = '' } = gateway.gateway.addresses;
  const proxy = ['--proxytunnel', '-x', `https://${tls}`, ...proxyUser()];
  expect(await curl(...proxy, '--proxy-insecure', url)).toEqual({ code: 0, output: page });
  expect(await curl(...proxy, '--proxy-cacert', join(folder, 'cert.pem'), url)).toEqual({ code: 0, output: page });
  const { code } = await curl(...proxy, url);
  expect(code).toBe(60);
});
