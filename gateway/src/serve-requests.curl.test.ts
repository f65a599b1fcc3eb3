import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { relays, ScriptedExit } from '../test-support/scripted-exit.ts';
import { TestGateway } from '../test-support/test-gateway.ts';

// Plain http through the proxy with a client that people use, and a server of another make.

let gateway: TestGateway;
let exit: ScriptedExit;
let origin: Server;
let base: string;
const upload = 'all is well\n'.repeat(100_000);

beforeAll(async () => {
  origin = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      if (request.url === '/chunks') {
        response.write('one ');
        response.end('two');
      } else {
        response.end(`${request.method} ${request.url} ${bytes}`);
      }
    });
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const { port } = origin.address() as AddressInfo;
  base = `http://127.0.0.1:${port}`;
  exit = await ScriptedExit.start(relays);
  gateway = await TestGateway.start();
  gateway.fleet.policy = { ...gateway.fleet.policy, allow: [{ host: '127.0.0.1', port }] };
  gateway.addExit(exit.port);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
  origin.close();
  origin.closeAllConnections();
});

/** Runs curl with something on its standard input; gives what it printed. */
async function curl(args: readonly string[], input = ''): Promise<string> {
  const proxy = ['--proxy', `http://${gateway.address}`, '--proxy-user', `${gateway.key}:country-US`];
  return new Promise((resolve) => {
    const child = execFile('curl', ['-sS', '--noproxy', '', ...proxy, ...args], { timeout: 20_000 }, (_, out, err) => {
      resolve(out + err);
    });
    child.stdin?.end(input);
  });
}

describe('curl', () => {
  test.each<[string, string[], string, string?]>([
    ['gets', ['/a?b'], 'GET /a?b 0'],
    ['gets chunks', ['/chunks'], 'one two'],
    ['posts', ['--data', 'hello', '/'], 'POST / 5'],
    ['posts after a challenge', ['--proxy-anyauth', '--data', 'hello', '/'], 'POST / 5'],
    ['puts a known length', ['--data-binary', '@-', '--request', 'PUT', '/'], `PUT / ${upload.length}`, upload],
    ['uploads in chunks', ['--upload-file', '-', '/up'], `PUT /up ${upload.length}`, upload],
    ['asks over HTTP/1.0', ['--http1.0', '/'], 'GET / 0'],
  ])('%s', async (_, args, answer, input) => {
    const url = `${base}${args.at(-1)}`;
    expect(await curl([...args.slice(0, -1), url], input)).toBe(answer);
  });

  test('gets a head alone', async () => {
    const head = await curl(['--head', `${base}/`]);
    expect(head).toContain('HTTP/1.1 200 OK\r\n');
    expect(head).toContain('X-Marvel-Exit-Id: ext_0001\r\n');
  });

  test('uses its connection again, and the exit is dialled once', async () => {
    const before = exit.heads.length;
    expect(await curl([`${base}/1`, `${base}/2`, `${base}/3`])).toBe('GET /1 0GET /2 0GET /3 0');
    expect(exit.heads.length - before).toBe(1);
  });
});
