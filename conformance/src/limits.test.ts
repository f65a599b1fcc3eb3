import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { openingAllowanceBytes } from '@marvel/shared/lease';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectAnswer, connectThrough, countToEnd, openSocket } from '../test-support/connect.ts';
import { Customer, eventually, readJson } from '../test-support/customer.ts';

/** Answers each look-up of an IPv4 address with this machine. */
const names = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '', 'http://names');
  const name = searchParams.get('name');
  const isIpv4 = searchParams.get('type') === 'A' || searchParams.get('type') === '1';
  const answers = isIpv4 ? [{ name, type: 1, TTL: 60, data: '127.0.0.1' }] : [];
  response.setHeader('Content-Type', 'application/dns-json');
  response.end(JSON.stringify({ Status: 0, Answer: answers }));
});
let stack: Stack;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    names.listen(0, '127.0.0.1', resolve);
  });
  const address = names.address();
  if (address === null || typeof address === 'string') throw new Error('the name service has no port');
  stack = await createStack({
    ephemeral: true,
    gateways: 2,
    nameService: `http://127.0.0.1:${address.port}/dns-query`,
  });
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  names.close();
});

interface Ask {
  readonly gateway: string;
  readonly username: string;
  readonly password: string;
}

function ask({ gateway, username, password }: Ask): Promise<ConnectAnswer> {
  return connectThrough({ gateway, username, password, authority: new URL(stack.info.echo).host });
}

/** The listeners of the dialects at the first gateway. */
function dialects(): { readonly residential: string; readonly proxymesh: string } {
  const { proxies_fo: fo, proxymesh } = stack.info.gateway;
  if (fo === null || proxymesh === null) throw new Error('a listener is not open');
  return { residential: fo.residential, proxymesh };
}

/** Asks until the answer has a status, and gives that answer; what is opened on the way is closed. */
function askUntil(status: number, request: Ask): Promise<ConnectAnswer> {
  return eventually(`${request.username.slice(0, 12)} gets ${status}`, async () => {
    const answer = await ask(request);
    if (answer.status === status) return answer;
    answer.socket.destroy();
    return undefined;
  });
}

/** Asks for so many bytes and reads until the tunnel is over; gives how many came, head of the answer included. */
async function download(socket: Socket, bytes: number): Promise<number> {
  const received = countToEnd(socket);
  socket.write(`GET /bytes/${bytes} HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n`);
  const count = await received;
  socket.end();
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return count;
}

async function make(customer: Customer, path: string, body: object): Promise<Record<string, unknown>> {
  return readJson(await customer.call('POST', path, body));
}

describe('a limit of threads', () => {
  it('is exact at each gateway, and holds over both of them within a few seconds', async () => {
    const [one, two] = stack.gateways.map(({ marvel }) => marvel);
    if (one === undefined || two === undefined) throw new Error('a gateway is missing');
    const customer = await Customer.withBytes(stack.info, 100_000_000);
    const { key } = await make(customer, '/v1/keys', { limits: { threads: 3 } });
    const at = (gateway: string): Ask => ({ gateway, username: String(key), password: 'country-US' });
    for (const gateway of [one, two]) (await askUntil(200, at(gateway))).socket.destroy();
    const held = await eventually('three are open at one gateway', async () => {
      const answers = await Promise.all(Array.from({ length: 3 }, async () => ask(at(one))));
      if (answers.every(({ status }) => status === 200)) return answers;
      for (const { socket } of answers) socket.destroy();
      return undefined;
    });
    // Many at once cannot pass the limit together.
    const more = await Promise.all(Array.from({ length: 10 }, async () => ask(at(one))));
    expect(more.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 429));
    const refused = await askUntil(429, at(two));
    expect([refused.reason, refused.headers.get('x-marvel-error')]).toEqual([
      'Too many concurrent connections',
      'threads_exhausted',
    ]);
    for (const { socket } of held) socket.destroy();
    (await askUntil(200, at(two))).socket.destroy();
  });
});

describe('a cap that runs dry', () => {
  it('of a key: its tunnel is cut within the bound, it gets 402 cap_exhausted, and another key of the account goes on', async () => {
    const { marvel } = stack.info.gateway;
    const customer = await Customer.withBytes(stack.info, 100_000_000);
    const { key } = await make(customer, '/v1/keys', { limits: { bytes_total: 1_000_000 } });
    const other = await customer.makeKey();
    const request = { gateway: marvel, username: String(key), password: 'country-US' };
    const { socket } = await askUntil(200, request);
    const received = await download(socket, 20_000_000);
    expect(received).toBeGreaterThan(900_000);
    expect(received).toBeLessThanOrEqual(1_000_000 + openingAllowanceBytes);
    const refused = await askUntil(402, request);
    expect([refused.reason, refused.headers.get('x-marvel-error')]).toEqual([
      'Bandwidth limit of this credential reached',
      'cap_exhausted',
    ]);
    const kept = await askUntil(200, { ...request, username: other.key });
    expect(await download(kept.socket, 1_500_000)).toBeGreaterThan(1_500_000);
  });

  it('of a sub-user: 452 over proxies.fo and 509 over ProxyMesh, and it is whole again when its day is over', async () => {
    const { residential, proxymesh } = dialects();
    const customer = await Customer.withBytes(stack.info, 100_000_000);
    const username = `capped_${Date.now()}`;
    const password = 'a-long-enough-password';
    const made = await make(customer, '/v1/sub-users', { username, password, limits: { bytes_per_day: 1_000_000 } });
    const overFo = { gateway: residential, username, password };
    const overMesh = { gateway: proxymesh, username, password };
    const { socket } = await askUntil(200, overFo);
    expect(await download(socket, 20_000_000)).toBeLessThanOrEqual(1_000_000 + openingAllowanceBytes);
    const foRefused = await askUntil(452, overFo);
    expect(foRefused.body).toBe('exceeded bandwidth limit');
    expect((await askUntil(509, overMesh)).reason).toBe('Bandwidth Limit Exceeded');

    // Midnight, as far as the database is concerned: the window that has run dry ended a moment ago.
    const database = new Client({ connectionString: stack.postgres.url });
    await database.connect();
    await database.query("update budget set window_ends_at = now() - interval '1 second' where id = $1", [
      `${String(made['id'])}/day`,
    ]);
    await database.end();
    const again = await askUntil(200, overMesh);
    expect(await download(again.socket, 500_000)).toBeGreaterThan(500_000);
  });
});

describe('who comes from an authorised place', () => {
  it.each([
    ['address', { kind: 'ip', value: '127.0.0.1' }],
    ['host name', { kind: 'hostname', value: 'client.example.com' }],
  ])('is let in over ProxyMesh without credentials, by its %s, until that is taken back', async (_what, source) => {
    const { proxymesh } = dialects();
    const authority = new URL(stack.info.echo).host;
    const customer = await Customer.withBytes(stack.info, 100_000_000);
    const anonymous = async (status: number) =>
      eventually(`without credentials: ${status}`, async () => {
        const socket = await openSocket(proxymesh);
        socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
        const [head] = (await once(socket, 'data')) as [Buffer];
        if (head.toString().startsWith(`HTTP/1.1 ${status} `)) return socket;
        socket.destroy();
        return undefined;
      });
    (await anonymous(407)).destroy();
    const { id } = await make(customer, '/v1/authorized-sources', source);
    const before = await customer.balanceBytes();
    const socket = await anonymous(200);
    expect(await download(socket, 100_000)).toBeGreaterThan(100_000);
    await eventually('its account pays', async () =>
      (await customer.balanceBytes()) < before - 100_000 ? true : undefined,
    );
    expect((await customer.call('DELETE', `/v1/authorized-sources/${String(id)}`)).status).toBe(204);
    (await anonymous(407)).destroy();
  });
});
