import { text } from 'node:stream/consumers';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectAnswer, connectThrough, countToEnd } from '../test-support/connect.ts';
import { Customer, eventually, readJson } from '../test-support/customer.ts';
import { openTunnel } from '../test-support/open-tunnel.ts';

let stack: Stack;
let addresses: Readonly<Record<'residential' | 'isp' | 'datacenter' | 'proxymesh', string>>;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
  const { proxies_fo, proxymesh } = stack.info.gateway;
  if (proxies_fo === null || proxymesh === null) throw new Error('the stack has no listeners for sub-users');
  addresses = { ...proxies_fo, proxymesh };
});
afterAll(() => stack[Symbol.asyncDispose]());

interface Credentials {
  readonly username: string;
  readonly password: string;
}

function ask(
  gateway: string,
  who: Credentials,
  headers: Readonly<Record<string, string>> = {},
): Promise<ConnectAnswer> {
  return connectThrough({ gateway, ...who, authority: new URL(stack.info.echo).host, headers });
}

/** The address from which the origin is asked through a tunnel. */
async function addressSeen({ status, socket }: ConnectAnswer): Promise<unknown> {
  expect(status).toBe(200);
  socket.end('GET / HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n');
  const answer = await text(socket);
  const echo = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { remote: { address: string } };
  return echo.remote.address;
}

describe('a sub-user', () => {
  it.each(['residential', 'isp', 'datacenter'] as const)('comes out of an exit by the %s listener', async (network) => {
    expect(await addressSeen(await ask(addresses[network], stack.info.sub_user))).toMatch(/^127\./);
  });

  it('stays on the exit of its session, in the city it asks for', async () => {
    const { username, password } = stack.info.sub_user;
    const who = { username: `${username}-country-us-state-ca-city-losangeles-session-s1-ttl-5`, password };
    const seen = [await addressSeen(await ask(addresses.residential, who))];
    seen.push(await addressSeen(await ask(addresses.residential, who)));
    const { agents } = stack;
    expect(agents.flatMap(({ exits }) => exits)).toContainEqual({ country: 'US', exitIp: seen[0] });
    expect(seen[1]).toBe(seen[0]);
  });

  it('is told of its exit by the ProxyMesh listener, and may ask for it again', async () => {
    const first = await ask(addresses.proxymesh, stack.info.sub_user, { 'X-ProxyMesh-Country': 'XX, de' });
    const exitIp = first.headers.get('x-proxymesh-ip') ?? '';
    expect(await addressSeen(first)).toBe(exitIp);
    const again = await ask(addresses.proxymesh, stack.info.sub_user, { 'X-ProxyMesh-IP': exitIp });
    expect(await addressSeen(again)).toBe(exitIp);
    const other = await ask(addresses.proxymesh, stack.info.sub_user, { 'X-ProxyMesh-Not-IP': exitIp });
    expect(await addressSeen(other)).not.toBe(exitIp);
  });

  it('spends its own cap and the balance of its account, and loses its tunnels when it is deleted', async () => {
    const customer = await Customer.withBytes(stack.info, 10_000_000);
    const username = `su_${crypto.randomUUID().replaceAll('-', '')}`;
    const limits = { bytes_total: 1_000_000 };
    const made = await readJson(await customer.call('POST', '/v1/sub-users', { username, limits }));
    const who = { username, password: String(made['password']) };
    const authority = new URL(stack.info.echo).host;
    const tunnel = await openTunnel({ gateway: addresses.residential, ...who, authority });
    await addressSeen(await ask(addresses.residential, who));
    await eventually('the account has paid', async () => (await customer.balanceBytes()) < 10_000_000 || undefined);

    const ended = countToEnd(tunnel);
    expect((await customer.call('DELETE', `/v1/sub-users/${String(made['id'])}`)).status).toBe(204);
    expect(await ended).toBe(0);
    tunnel.destroy();
    const refused = await ask(addresses.residential, who);
    refused.socket.destroy();
    expect([refused.status, refused.body]).toEqual([407, 'Incorrect username or password']);
  });
});
