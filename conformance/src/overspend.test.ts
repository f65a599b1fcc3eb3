import type { Socket } from 'node:net';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { openingAllowanceBytes } from '@marvel/shared/lease';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectThrough, countToEnd } from '../test-support/connect.ts';
import { Customer, eventually } from '../test-support/customer.ts';
import { openTunnel } from '../test-support/open-tunnel.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
});
afterAll(() => stack[Symbol.asyncDispose]());

const as = (key: string) => ({
  gateway: stack.info.gateway.marvel,
  username: key,
  password: 'country-US',
  authority: new URL(stack.info.echo).host,
});

/** Asks for more than there is, and counts what comes of it. */
async function download(socket: Socket): Promise<number> {
  socket.write('GET /bytes/20000000 HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n');
  return countToEnd(socket);
}

describe('an account with 1 MB left', () => {
  it('is cut within the published bound of a 100 MB download, gets 402, and goes on after a top-up without a restart', async () => {
    const customer = await Customer.withBytes(stack.info, 1_000_000);
    const { key } = await customer.makeKey();
    const tunnel = await openTunnel(as(key));
    tunnel.write('GET /bytes/100000000 HTTP/1.1\r\nHost: echo\r\n\r\n');
    const receivedBytes = await countToEnd(tunnel);
    const balance = await customer.balanceSettledAt(0);
    expect(receivedBytes).toBeGreaterThan(900_000);
    expect(receivedBytes).toBeLessThanOrEqual(1_000_000 + openingAllowanceBytes);
    expect(balance).toBeLessThanOrEqual(0);
    expect(balance).toBeGreaterThanOrEqual(-openingAllowanceBytes);

    const refused = await eventually('the empty account is refused', async () => {
      const attempt = await connectThrough(as(key));
      attempt.socket.destroy();
      return attempt.status === 402 ? attempt : undefined;
    });
    expect(refused.reason).toBe('Insufficient balance');
    expect(refused.headers.get('x-marvel-error')).toBe('balance_exhausted');

    await customer.adjust(stack.info, 5_000_000);
    const again = await openTunnel(as(key));
    again.write('GET /bytes/1000000 HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n');
    expect(await countToEnd(again)).toBeGreaterThan(1_000_000);
  });
});

describe('four gateways on one account', () => {
  it('together stay within the bound while one of them is cut off from the edge', { timeout: 90_000 }, async () => {
    await using fleet = await createStack({ ephemeral: true, gateways: 4 });
    const credited = 6_000_000;
    const customer = await Customer.withBytes(fleet.info, credited);
    const { key } = await customer.makeKey();
    const authority = new URL(fleet.info.echo).host;
    const open = async (gateway: string): Promise<Socket> =>
      openTunnel({ gateway, username: key, password: 'country-DE', authority });
    const [isolated] = fleet.gateways;
    if (isolated === undefined) throw new Error('no gateway');
    // All know the key before one is cut off.
    const [alone, ...others] = await Promise.all(fleet.gateways.map(async ({ marvel }) => open(marvel)));
    if (alone === undefined) throw new Error('no tunnel');
    isolated.link.cut();
    const heldBack = download(alone);
    const received = await Promise.all(others.map(download));
    await eventually('the gateway that is cut off has spent its allowance', async () =>
      alone.bytesRead + alone.bytesWritten >= openingAllowanceBytes ? true : undefined,
    );
    // It has had no word of the balance meanwhile, and holds its client until it has.
    expect(alone.closed).toBe(false);
    isolated.link.heal();
    const total = received.reduce((sum, bytes) => sum + bytes, await heldBack);
    expect(total).toBeGreaterThan(credited / 2);
    expect(total).toBeLessThanOrEqual(credited + 4 * openingAllowanceBytes);
    const settled = await eventually(
      'the isolated gateway posts what it owes',
      async () => {
        const balance = await customer.balanceBytes();
        return balance <= 0 ? balance : undefined;
      },
      30_000,
    );
    expect(settled).toBeGreaterThanOrEqual(-4 * openingAllowanceBytes);
  });
});
