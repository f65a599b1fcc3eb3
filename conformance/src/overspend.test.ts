import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { openingAllowanceBytes } from '@marvel/shared/lease';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectThrough, countToEnd } from '../test-support/connect.ts';
import { Customer, eventually } from '../test-support/customer.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
});
afterAll(() => stack[Symbol.asyncDispose]());

const ask = (key: string) =>
  connectThrough({
    gateway: stack.info.gateway.marvel,
    username: key,
    password: 'country-US',
    authority: new URL(stack.info.echo).host,
  });

describe('an account with 1 MB left', () => {
  it('is cut within the published bound of a 100 MB download, gets 402, and goes on after a top-up without a restart', async () => {
    const customer = await Customer.withBytes(stack.info, 1_000_000);
    const { key } = await customer.makeKey();
    const answer = await eventually('the gateway knows the key', async () => {
      const attempt = await ask(key);
      if (attempt.status === 200) return attempt;
      attempt.socket.destroy();
      return undefined;
    });
    answer.socket.write('GET /bytes/100000000 HTTP/1.1\r\nHost: echo\r\n\r\n');
    const receivedBytes = await countToEnd(answer.socket);
    const balance = await customer.balanceSettledAt(0);
    expect(receivedBytes).toBeGreaterThan(900_000);
    expect(receivedBytes).toBeLessThanOrEqual(1_000_000 + openingAllowanceBytes);
    expect(balance).toBeLessThanOrEqual(0);
    expect(balance).toBeGreaterThanOrEqual(-openingAllowanceBytes);

    const refused = await eventually('the empty account is refused', async () => {
      const attempt = await ask(key);
      attempt.socket.destroy();
      return attempt.status === 402 ? attempt : undefined;
    });
    expect(refused.reason).toBe('Insufficient balance');
    expect(refused.headers.get('x-marvel-error')).toBe('balance_exhausted');

    await customer.adjust(stack.info, 5_000_000);
    const again = await eventually('the topped-up account is served', async () => {
      const attempt = await ask(key);
      if (attempt.status === 200) return attempt;
      attempt.socket.destroy();
      return undefined;
    });
    again.socket.write('GET /bytes/1000000 HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n');
    expect(await countToEnd(again.socket)).toBeGreaterThan(1_000_000);
  });
});

describe('four gateways on one account', () => {
  it('together stay within the bound while one of them is cut off from the edge', { timeout: 90_000 }, async () => {
    await using fleet = await createStack({ ephemeral: true, gateways: 4 });
    const credited = 6_000_000;
    const customer = await Customer.withBytes(fleet.info, credited);
    const { key } = await customer.makeKey();
    const download = async (gateway: string): Promise<number> => {
      const answer = await eventually('the gateway knows the key', async () => {
        const attempt = await connectThrough({
          gateway,
          username: key,
          password: 'country-DE',
          authority: new URL(fleet.info.echo).host,
        });
        if (attempt.status === 200) return attempt;
        attempt.socket.destroy();
        return undefined;
      });
      answer.socket.write('GET /bytes/20000000 HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n');
      return countToEnd(answer.socket);
    };
    const [isolated, ...others] = fleet.gateways;
    if (isolated === undefined) throw new Error('no gateway');
    // All know the key before one is cut off.
    for (const gateway of fleet.gateways) {
      const answer = await eventually('each gateway knows the key', async () => {
        const attempt = await connectThrough({
          gateway: gateway.marvel,
          username: key,
          password: 'country-DE',
          authority: new URL(fleet.info.echo).host,
        });
        attempt.socket.destroy();
        return attempt.status === 200 ? attempt : undefined;
      });
      expect(answer.status).toBe(200);
    }
    isolated.link.cut();
    const received = await Promise.all([...others, isolated].map((gateway) => download(gateway.marvel)));
    const total = received.reduce((sum, bytes) => sum + bytes, 0);
    expect(total).toBeLessThanOrEqual(credited + 4 * openingAllowanceBytes);
    isolated.link.heal();
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
