import { once } from 'node:events';
import { describe, expect, it, test } from 'vitest';
import type { ResolveHost } from './resolve-host.ts';
import {
  connectHead,
  openTunnel,
  portOf,
  startOrigin,
  startTestAgent,
  TestClient,
  testConfig,
  token,
} from '../test-support/agent-fixture.ts';
import { tokenDigest } from './token.ts';

const startEcho = () => startOrigin((socket) => socket.pipe(socket));
const loopback = (port: number) => `127.0.0.1:${port}`;
const exit = (exitIp: string, secret = token) => ({
  listen: { host: '127.0.0.1', port: 0 },
  tokenDigest: tokenDigest(secret),
  exitIp,
});
const knownNames: Readonly<Record<string, readonly string[]>> = {
  'loop.example.com': ['127.0.0.1'],
  'mixed.example.com': ['93.184.215.14', '10.0.0.1'],
};
const resolveKnown: ResolveHost = (host) => Promise.resolve(knownNames[host] ?? []);

test('a gateway with the token gets a tunnel to an allowed destination', async () => {
  await using echo = await startEcho();
  await using agent = await startTestAgent(testConfig([echo.port]));
  const { client, answer } = await openTunnel(agent.port, loopback(echo.port));
  expect(answer).toBe('HTTP/1.1 200 Connection Established\r\n\r\n');
  client.socket.end('hello');
  expect(await client.takeThrough('hello')).toBe('hello');
  expect(await client.ended).toBe('end');
  expect(await agent.event('tunnel')).toMatchObject({
    outcome: 'closed',
    bytes_up: 5,
    bytes_down: 5,
    request_id: 'req_1',
    host_class: 'loopback',
  });
});

describe('without the right token', () => {
  it.each([
    ['none', null],
    ['a wrong one', `Bearer ${token.replace('t', 'x')}`],
    ['its beginning', `Bearer ${token.slice(0, -1)}`],
    ['one with something after it', `Bearer ${token} x`],
    ['its digest', `Bearer ${tokenDigest(token).toString('hex')}`],
    ['another scheme', `Basic ${Buffer.from(token).toString('base64')}`],
    ['nothing but the scheme', 'Bearer '],
  ])('(%s) everything is 407, and nothing is dialled', async (_name, authorization) => {
    await using echo = await startEcho();
    await using agent = await startTestAgent(testConfig([echo.port]));
    for (const authority of [loopback(echo.port), '10.0.0.1:443', 'nonsense']) {
      const { client, status, answer } = await openTunnel(agent.port, authority, { authorization });
      expect(status).toBe(407);
      expect(answer).toContain('\r\nX-Marvel-Error: unauthenticated\r\n');
      expect(answer).toContain('\r\nProxy-Authenticate: Bearer ');
      expect(await client.ended).toBe('end');
      client.socket.end();
    }
    expect(echo.accepted).toEqual([]);
  });
});

describe('a destination that policy refuses', () => {
  it.each([
    ['loop.example.com:443', 'loopback'],
    ['mixed.example.com:443', 'private'],
    ['10.0.0.1:443', 'private'],
    ['[::1]:443', 'loopback'],
    ['[::ffff:7f00:1]:443', 'ipv4_mapped'],
    ['169.254.169.254:80', 'link_local'],
    ['metadata.google.internal:80', 'metadata_name'],
    ['localhost:80', 'local_name'],
    ['0x7f.1:80', 'malformed'],
    ['93.184.215.14:22', 'port'],
    ['93.184.215.14:25', 'port'],
    ['198.51.100.77:443', 'documentation'],
  ])('%s gets 403, and its event tells the class alone', async (authority, refusal) => {
    await using agent = await startTestAgent(testConfig([]), resolveKnown);
    const { client, status, answer } = await openTunnel(agent.port, authority);
    expect(status).toBe(403);
    expect(answer).toContain('\r\nX-Marvel-Error: destination_forbidden\r\n');
    client.socket.end();
    expect(await agent.event('refused')).toMatchObject({ code: 'destination_forbidden', refusal });
    expect(JSON.stringify(agent.events)).not.toContain(authority.slice(0, authority.lastIndexOf(':')));
  });

  it('is the host itself, by whatever address', async () => {
    await using agent = await startTestAgent(
      testConfig([], {
        exits: [exit('93.184.215.14')],
      }),
    );
    const { client, status } = await openTunnel(agent.port, '93.184.215.14:443');
    expect(status).toBe(403);
    client.socket.end();
    expect(await agent.event('refused')).toMatchObject({ refusal: 'own_address' });
  });
});

test('a name is resolved once, and what is dialled is the address that was judged', async () => {
  await using echo = await startEcho();
  const { policy } = testConfig([echo.port]);
  const answers = [['127.0.0.1'], ['127.0.0.2']];
  let asked = 0;
  await using agent = await startTestAgent(
    // The port has to be in the policy for the name itself to pass.
    testConfig([], { policy: { ...policy, ports: [echo.port] } }),
    () => Promise.resolve(answers[asked++] ?? []),
  );
  const { client, status } = await openTunnel(agent.port, `turning.example.com:${echo.port}`);
  expect(status).toBe(200);
  expect(asked).toBe(1);
  expect(echo.accepted[0]?.localAddress).toBe('127.0.0.1');
  client.socket.end();
  await client.ended;
});

test('the tunnel leaves from the exit IP, and each exit has its own address and token', async () => {
  await using echo = await startEcho();
  await using agent = await startTestAgent(
    testConfig([echo.port], {
      exits: [exit('127.0.0.2', 'the-first-exit-token'), exit('127.0.0.3', 'the-second-exit-token')],
    }),
  );
  const [first, second] = agent.agent.exits;
  expect([first?.exit_ip, second?.exit_ip]).toEqual(['127.0.0.2', '127.0.0.3']);
  for (const [listen, secret, exitIp] of [
    [first?.listen, 'the-first-exit-token', '127.0.0.2'],
    [second?.listen, 'the-second-exit-token', '127.0.0.3'],
  ] as const) {
    const { client, status } = await openTunnel(portOf(listen ?? ''), loopback(echo.port), {
      authorization: `Bearer ${secret}`,
    });
    expect(status).toBe(200);
    expect(echo.accepted.at(-1)?.remoteAddress).toBe(exitIp);
    client.socket.end();
    await client.ended;
  }
  const crossed = await openTunnel(portOf(first?.listen ?? ''), loopback(echo.port), {
    authorization: 'Bearer the-second-exit-token',
  });
  expect(crossed.status).toBe(407);
  crossed.client.socket.end();
});

test('an exit never dials from an address of the other family than its own', async () => {
  await using echo = await startEcho();
  await using agent = await startTestAgent(
    testConfig([echo.port], {
      exits: [exit('::1')],
    }),
  );
  const { client, status } = await openTunnel(agent.port, loopback(echo.port));
  expect(status).toBe(502);
  client.socket.end();
  expect(echo.accepted).toEqual([]);
});

test('an exit whose address the host does not have says 503, since that is no fault of the destination', async () => {
  await using echo = await startEcho();
  await using agent = await startTestAgent(
    testConfig([echo.port], {
      exits: [exit('192.0.2.1')],
    }),
  );
  const { client, status, answer } = await openTunnel(agent.port, loopback(echo.port));
  expect(status).toBe(503);
  expect(answer).toContain('\r\nX-Marvel-Error: overloaded\r\n');
  client.socket.end();
});

test('a destination that refuses, and a name without address, are 502', async () => {
  const echo = await startEcho();
  await echo[Symbol.asyncDispose]();
  await using agent = await startTestAgent(testConfig([echo.port]), () => Promise.resolve([]));
  for (const authority of [loopback(echo.port), 'nowhere.example.com:443']) {
    const { client, status, answer } = await openTunnel(agent.port, authority);
    expect(status, authority).toBe(502);
    expect(answer).toContain('\r\nX-Marvel-Error: gateway_error\r\n');
    client.socket.end();
  }
});

test('of several addresses the next is dialled when one refuses', async () => {
  await using echo = await startEcho();
  const config = testConfig([], {});
  const policy = { ...config.policy, allow: [{ host: 'several.local', port: echo.port }] };
  await using agent = await startTestAgent({ ...config, policy }, () => Promise.resolve(['127.0.0.9', '127.0.0.1']));
  const { client, status } = await openTunnel(agent.port, `several.local:${echo.port}`);
  expect(status).toBe(200);
  client.socket.end();
  await client.ended;
});

test.each([
  'GET / HTTP/1.1\r\n\r\n',
  'CONNECT nonsense HTTP/1.1\r\nA : b\r\n\r\n',
  '\x16\x03\x01',
  `CONNECT a:1 HTTP/1.1\r\nA: ${'a'.repeat(20_000)}`,
])('what is no CONNECT gets 400 and is closed (%#)', async (text) => {
  await using agent = await startTestAgent(testConfig([]));
  const client = TestClient.connect(agent.port);
  client.socket.write(text);
  expect(await client.takeThrough('\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^\r]+\r\nX-Marvel-Error: bad_request\r\n/);
  expect(await client.ended).toBe('end');
  client.socket.end();
});

test('a head that does not come whole in time gets 400', async () => {
  await using agent = await startTestAgent(testConfig([], { headTimeoutMs: 1 }));
  const client = TestClient.connect(agent.port);
  client.socket.write('CONNECT example.com:443 HTTP/1.1\r\n');
  expect(await client.takeThrough('\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  client.socket.end();
});

test('a target that cannot be read is 400 once the token is right', async () => {
  await using agent = await startTestAgent(testConfig([]));
  const { client, status } = await openTunnel(agent.port, 'nonsense');
  expect(status).toBe(400);
  client.socket.end();
});

test('a head that comes byte by byte is read, and bytes glued to it are tunnel bytes', async () => {
  await using echo = await startEcho();
  await using agent = await startTestAgent(testConfig([echo.port]));
  const slow = TestClient.connect(agent.port);
  const text = connectHead(loopback(echo.port));
  for (const byte of text) {
    slow.socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await slow.takeThrough('\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  slow.socket.end();

  const { client, status } = await openTunnel(agent.port, loopback(echo.port), { glued: 'glued\r\n\r\nbytes' });
  expect(status).toBe(200);
  client.socket.end();
  expect(await client.takeThrough('bytes')).toBe('glued\r\n\r\nbytes');
});

test('a client that sends its head, its bytes and its end at once gets all of the answer', async () => {
  await using echo = await startEcho();
  await using agent = await startTestAgent(testConfig([echo.port]));
  const client = TestClient.connect(agent.port);
  client.socket.end(`${connectHead(loopback(echo.port))}all at once`);
  expect(await client.takeThrough('all at once')).toBe('HTTP/1.1 200 Connection Established\r\n\r\nall at once');
  expect(await client.ended).toBe('end');
});

test('a client that leaves before its head is whole leaves nothing behind', async () => {
  await using agent = await startTestAgent(testConfig([]));
  const client = TestClient.connect(agent.port);
  client.socket.end('CONNECT ');
  await once(client.socket, 'close');
  expect(await agent.agent.drain()).toBe(0);
  expect(agent.events.map(({ event }) => event)).toEqual(['draining', 'stopped']);
});

test('hosts are in events only when the operator asks for them', async () => {
  await using agent = await startTestAgent(testConfig([], { logHosts: true }));
  const { client } = await openTunnel(agent.port, 'Private.LOCAL:443');
  client.socket.end();
  expect(await agent.event('refused')).toMatchObject({ host: 'private.local', host_class: 'local_name' });
});
