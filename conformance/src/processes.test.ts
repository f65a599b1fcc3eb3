import type { Socket } from 'node:net';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectThrough, countToEnd, downloadAll } from '../test-support/connect.ts';
import { Customer, eventually } from '../test-support/customer.ts';

const processes = 3;
/** So many that all of them falling to fewer processes is as good as impossible: 3 x (2/3)^60. */
const connections = 60;
const creditedBytes = 100_000_000;

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true, processes });
});
afterAll(() => stack[Symbol.asyncDispose]());

interface Tunnel {
  readonly socket: Socket;
  /** Bytes that went into the tunnel before it was one. */
  readonly headBytes: number;
}

async function attempt(key: string): Promise<{ readonly status: number } & Tunnel> {
  const { status, socket } = await connectThrough({
    gateway: stack.info.gateway.marvel,
    username: key,
    password: 'country-US',
    authority: new URL(stack.info.echo).host,
  });
  return { status, socket, headBytes: socket.bytesWritten };
}

const accepted = 'marvel_gateway_accepted_connections_total';

/** A key that every process knows. */
async function newKey(customer: Customer): Promise<{ readonly key: string; readonly id: string }> {
  const made = await customer.makeKey();
  await eventually('every process knows the key', async () => {
    const before = await metric(accepted);
    const attempts = await Promise.all(Array.from({ length: connections }, async () => attempt(made.key)));
    for (const { socket } of attempts) socket.destroy();
    // The kernel may give all of them to some of the processes, and another may not know the key yet.
    const wereAllAsked = [...(await metric(accepted))].every(([process, count]) => count > (before.get(process) ?? 0));
    return wereAllAsked && attempts.every(({ status }) => status === 200) ? true : undefined;
  });
  await eventually('their tunnels have ended', async () => {
    const open = await metric('marvel_gateway_tunnels');
    return [...open.values()].every((count) => count === 0) ? true : undefined;
  });
  return made;
}

async function tunnelOf(key: string): Promise<Tunnel> {
  const tunnel = await attempt(key);
  expect(tunnel.status).toBe(200);
  return tunnel;
}

/** The samples of one metric, by process. */
async function metric(name: string): Promise<Map<number, number>> {
  const response = await fetch(`http://${stack.info.gateway.admin}/metrics`);
  const text = await response.text();
  const samples = text.matchAll(new RegExp(`^${name}\\{process="([0-9]+)",[^}]*\\} ([0-9.e+]+)$`, 'gm'));
  return new Map([...samples].map(([, process, value]) => [Number(process), Number(value)]));
}

describe('a gateway of three processes', () => {
  it('shares connections out, loses with a killed one only its own, and brings it back; the bill is what moved', async () => {
    const customer = await Customer.withBytes(stack.info, creditedBytes);
    const { key } = await newKey(customer);
    const spent = await Promise.all(
      Array.from({ length: connections }, async () => downloadAll((await tunnelOf(key)).socket, 1000)),
    );
    const total = spent.reduce((sum, bytes) => sum + bytes, 0);
    expect(await customer.balanceSettledAt(creditedBytes - total)).toBe(creditedBytes - total);
    const before = await customer.balanceBytes();
    const tunnels = await Promise.all(Array.from({ length: connections }, async () => tunnelOf(key)));
    const spread = await metric('marvel_gateway_tunnels');
    expect(new Set(spread.keys())).toEqual(new Set([1, 2, 3]));
    expect([...spread.values()].reduce((sum, count) => sum + count, 0)).toBe(connections);
    expect([...spread.values()].every((count) => count > 0)).toBe(true);

    const pids = await metric('process_start_time_seconds');
    const closed = tunnels.map(async ({ socket }) => new Promise((resolve) => socket.once('close', resolve)));
    const [victim] = await pidsOfChildren();
    if (victim === undefined) throw new Error('no process');
    // Those that outlive it move bytes while it dies.
    const moving = tunnels.map(({ socket }) => countToEnd(socket));
    for (const { socket } of tunnels) {
      socket.write('GET /bytes/200000 HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n');
      if (socket === tunnels[connections >> 1]?.socket) process.kill(victim, 'SIGKILL');
    }
    const counts = await Promise.all(moving);
    for (const { socket } of tunnels) socket.end();
    await Promise.all(closed);
    const whole = counts.filter((bytes) => bytes > 200_000);
    expect(whole.length).toBeGreaterThanOrEqual(connections - Math.max(...spread.values()));
    expect(new Set(whole).size).toBe(1);

    const restarts = await eventually('the killed process is back', async () => {
      const up = await metric('marvel_gateway_process_up');
      return [...up.values()].every((value) => value === 1) && up.size === processes
        ? metric('marvel_gateway_process_restarts_total')
        : undefined;
    });
    expect([...restarts.values()].toSorted((a, b) => a - b)).toEqual([0, 0, 1]);
    const after = await metric('process_start_time_seconds');
    expect([...after].filter(([process, start]) => pids.get(process) !== start)).toHaveLength(1);

    // It serves again.
    const again = await Promise.all(Array.from({ length: connections }, async () => tunnelOf(key)));
    expect([...(await metric('marvel_gateway_tunnels')).values()].every((count) => count > 0)).toBe(true);
    await Promise.all(again.map(async ({ socket }) => downloadAll(socket, 1000)));

    // What the killed process had not posted is lost to the bill, and nothing else is.
    const sentBytes = tunnels.reduce((sum, { socket, headBytes }) => sum + socket.bytesWritten - headBytes, 0);
    const atMost = counts.reduce((sum, bytes) => sum + bytes, 0) + sentBytes + connections * 2000;
    const settled = await customer.balanceBytes();
    expect(before - settled).toBeLessThanOrEqual(atMost);
  });

  it('refuses a revoked key in every process, and cuts its tunnels wherever they are', async () => {
    const customer = await Customer.withBytes(stack.info, creditedBytes);
    const { key, id } = await newKey(customer);
    const tunnels = await Promise.all(Array.from({ length: connections }, async () => tunnelOf(key)));
    const spread = await metric('marvel_gateway_tunnels');
    expect([...spread.values()].every((count) => count > 0)).toBe(true);
    const ended = tunnels.map(({ socket }) => countToEnd(socket));
    expect((await customer.call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
    expect(await Promise.all(ended)).toEqual(tunnels.map(() => 0));
    for (const { socket } of tunnels) socket.destroy();
    const answers = await Promise.all(Array.from({ length: connections }, async () => attempt(key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([407]));
    for (const { socket } of answers) socket.destroy();
  });

  it('lets its tunnels end on SIGTERM, posts what they moved, and ends with 0', async () => {
    const customer = await Customer.withBytes(stack.info, creditedBytes);
    const { key } = await newKey(customer);
    const [gateway] = stack.gateways;
    if (gateway === undefined) throw new Error('no gateway');
    const tunnels = await Promise.all(Array.from({ length: 12 }, async () => tunnelOf(key)));
    const { exited } = gateway;
    const stopped = gateway.stop();
    await eventually('it says that it drains', async () => {
      const response = await fetch(`http://${gateway.admin}/readyz`);
      return (await response.text()).includes('draining') ? true : undefined;
    });
    const moved = await Promise.all(tunnels.map(async ({ socket }) => downloadAll(socket, 5000)));
    await stopped;
    expect(await exited).toBe(0);
    const total = moved.reduce((sum, bytes) => sum + bytes, 0);
    expect(total).toBeGreaterThan(12 * 5000);
    expect(await customer.balanceSettledAt(creditedBytes - total)).toBe(creditedBytes - total);
  });
});

/** The processes that the gateway's own has started. */
async function pidsOfChildren(): Promise<readonly number[]> {
  const [gateway] = stack.gateways;
  const events = (gateway?.log() ?? '').split('\n').filter((line) => line.includes('"process_ready"'));
  return events.map((line) => Number(/"pid":([0-9]+)/.exec(line)?.[1]));
}
