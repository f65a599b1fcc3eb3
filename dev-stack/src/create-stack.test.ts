import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStack, type Stack } from './create-stack.ts';
import { takesConnections } from './parts/answers.ts';
import type { Part } from './parts/part.ts';
import { StackInfo } from './stack-info.ts';

/** Within which a part is missed, and found again. */
const within = { timeout: 20_000 };

let stack: Stack;
let other: Stack;

beforeAll(async () => {
  [stack, other] = await Promise.all([createStack({ ephemeral: true }), createStack({ ephemeral: true })]);
});
afterAll(async () => {
  await Promise.all([stack[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
});

interface Answer {
  readonly status: number | undefined;
  readonly exitIp: string | undefined;
  readonly socket: Socket;
}

/** Asks the first gateway for a tunnel to the echo origin with the demo key, or another. */
async function openTunnel(of: Stack, country: string, key = of.info.account.key): Promise<Answer> {
  const { gateway, echo } = of.info;
  const [host = '', port = ''] = gateway.marvel.split(':');
  return new Promise((resolve, reject) => {
    function answer({ statusCode, headers, socket }: IncomingMessage): void {
      // Tests look at what arrived; a part that goes down resets it.
      socket.on('error', () => undefined);
      resolve({ status: statusCode, exitIp: headers['x-marvel-exit-ip']?.toString(), socket });
    }
    const authorization = `Basic ${btoa(`${key}:country-${country}`)}`;
    request({
      host,
      port,
      method: 'CONNECT',
      path: new URL(echo).host,
      headers: { 'Proxy-Authorization': authorization },
    })
      .on('connect', answer)
      .on('response', answer)
      .on('error', reject)
      .end();
  });
}

const Echo = v.object({ method: v.string(), remote: v.object({ address: v.string() }) });

/** The address that the origin saw a request come from, all the way through gateway and exit. */
async function addressSeen(
  of: Stack,
  country: string,
): Promise<{ readonly seen: string; readonly told: string | undefined }> {
  const { status, socket, exitIp } = await openTunnel(of, country);
  expect(status).toBe(200);
  socket.end('GET / HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n');
  const answer = await text(socket);
  const echo = v.parse(Echo, JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))));
  return { seen: echo.remote.address, told: exitIp };
}

async function statusOf(of: Stack): Promise<unknown> {
  const status: unknown = await (await fetch(`${of.info.api}/v1/status`)).json();
  return v.parse(v.object({ status: v.string() }), status).status;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const Usage = v.object({ data: v.array(v.object({ country: v.string(), connections: v.number() })) });

/** The connections of the demo account that have ended, by the country of their exit. */
async function connectionsOf({ info }: Stack): Promise<readonly (readonly [country: string, connections: number])[]> {
  const headers = { Authorization: `Bearer ${info.account.token}` };
  const usage: unknown = await (await fetch(`${info.api}/v1/usage?group_by=country`, { headers })).json();
  return v.parse(Usage, usage).data.map(({ country, connections }) => [country, connections] as const);
}

describe('a stack', () => {
  // The first of all: what the start itself did, by an exit in the US, is told before what is done here.
  test('has used nothing of its demo account when it is ready, not even a connection', async () => {
    await addressSeen(stack, 'JP');
    await expect.poll(async () => connectionsOf(stack), within).toContainEqual(['JP', 1]);
    expect(await connectionsOf(stack)).toEqual([['JP', 1]]);
  });

  test.each(['US', 'DE', 'GB', 'JP'])(
    'carries a request through an exit in %s, which the origin sees',
    async (country) => {
      const { seen, told } = await addressSeen(stack, country);
      expect(seen).toBe(told);
      expect(stack.agents.flatMap(({ exits }) => exits)).toContainEqual({ country, exitIp: seen });
    },
  );

  test('is described by its file, down to the last process', async () => {
    const { info } = stack;
    const file: unknown = JSON.parse(await readFile(join(stack.stateDirectory, 'stack.json'), 'utf8'));
    expect(file).toEqual(info);
    expect(v.parse(StackInfo, file)).toEqual(info);
    for (const pid of Object.values(info.pids).flat()) expect(isRunning(pid)).toBe(true);
    expect((await fetch(`http://${info.gateway.admin}/healthz`)).status).toBe(200);
    const { gateway } = info;
    const doors = [gateway.marvel_tls, gateway.socks5, gateway.proxymesh, ...Object.values(gateway.proxies_fo ?? {})];
    for (const door of doors) expect(await takesConnections(Number(door?.split(':')[1]))).toBe(true);
    expect(await readFile(info.certificate_file, 'utf8')).toBe(stack.echo.certificate);
  });

  test('shares nothing with another that runs at once', async () => {
    const mine = JSON.stringify(stack.info).match(/127\.0\.0\.1:\d+/g) ?? [];
    for (const address of mine) expect(JSON.stringify(other.info)).not.toContain(`${address}"`);
    expect((await addressSeen(other, 'US')).seen).toMatch(/^127\./);
    const { socket, status } = await openTunnel(other, 'US', stack.info.account.key);
    socket.destroy();
    expect(status).toBe(407);
  });

  test('has an account that can spend, and a sub-user', async () => {
    const { api, account } = stack.info;
    const headers = { Authorization: `Bearer ${account.token}` };
    const usage: unknown = await (await fetch(`${api}/v1/usage`, { headers })).json();
    expect(v.parse(v.object({ balance_bytes: v.number() }), usage).balance_bytes).toBeGreaterThan(9_000_000_000);
    const subUsers: unknown = await (await fetch(`${api}/v1/sub-users`, { headers })).json();
    expect(subUsers).toMatchObject({ data: [{ username: stack.info.sub_user.username }] });
  });
});

describe('a part that goes down and comes back on its address', () => {
  const parts: readonly (readonly [string, (of: Stack) => Part])[] = [
    ['PostgreSQL', ({ postgres }) => postgres],
    ['the Neon front', ({ neonFront }) => neonFront],
  ];

  test.each(parts)('%s: the API says so, and recovers', async (_name, partOf) => {
    for (const end of ['stop', 'kill'] as const) {
      await partOf(stack)[end]();
      await expect.poll(async () => statusOf(stack), within).toBe('unavailable');
      await partOf(stack).start();
      await expect.poll(async () => statusOf(stack), within).toBe('ok');
    }
  });

  test('the edge: the gateway goes on without it', { timeout: 90_000 }, async () => {
    for (const end of ['stop', 'kill'] as const) {
      await stack.edge[end]();
      await expect(fetch(`${stack.info.api}/v1/status`)).rejects.toThrow(TypeError);
      expect((await addressSeen(stack, 'US')).seen).toMatch(/^127\./);
      await stack.edge.start();
      expect(await statusOf(stack)).toBe('ok');
    }
  });

  test('a gateway: same address, another process', async () => {
    const [gateway] = stack.gateways;
    if (gateway === undefined) throw new Error('no gateway');
    for (const [end, code] of [
      ['stop', 0],
      ['kill', null],
    ] as const) {
      const { pid, exited } = gateway;
      await gateway[end]();
      expect(await exited).toBe(code);
      await gateway.start();
      expect(gateway.pid).not.toBe(pid);
      expect((await addressSeen(stack, 'DE')).seen).toMatch(/^127\./);
    }
    expect(gateway.log().split('"listening"').length).toBe(4);
  });

  test('an exit agent: the country is served by the others', async () => {
    const agent = stack.agents.find(({ exits }) => exits.some(({ country }) => country === 'JP'));
    if (agent === undefined) throw new Error('no agent in JP');
    await agent.kill();
    const { seen } = await addressSeen(stack, 'JP');
    expect(agent.exits.map(({ exitIp }) => exitIp)).not.toContain(seen);
    await agent.start();
    expect((await addressSeen(stack, 'JP')).seen).toMatch(/^127\./);
  });

  test('the link of a gateway: cut, it hears nothing of the edge; healed, it does', async () => {
    const [gateway] = stack.gateways;
    if (gateway === undefined) throw new Error('no gateway');
    const { admin, link } = gateway;
    async function feedAgeSeconds(): Promise<number> {
      const metrics = await (await fetch(`http://${admin}/metrics`)).text();
      return Number(/^marvel_gateway_feed_age_seconds (\S+)/m.exec(metrics)?.[1]);
    }
    link.cut();
    await expect.poll(feedAgeSeconds, within).toBeGreaterThan(3);
    link.heal();
    await expect.poll(feedAgeSeconds, within).toBeLessThan(2);
  });

  test('one more gateway serves the same account', async () => {
    const gateway = await stack.addGateway();
    expect(stack.gateways).toHaveLength(2);
    expect(stack.info.gateways.map(({ marvel }) => marvel)).toContain(gateway.marvel);
  });
});

describe('disposing of a stack', () => {
  test('leaves no process and no file', async () => {
    const pids = Object.values(other.info.pids)
      .flat()
      .filter((pid) => pid !== process.pid);
    await other[Symbol.asyncDispose]();
    for (const pid of pids) expect(isRunning(pid)).toBe(false);
    expect(existsSync(other.stateDirectory)).toBe(false);
    await expect(fetch(other.info.echo)).rejects.toThrow(TypeError);
  });
});
