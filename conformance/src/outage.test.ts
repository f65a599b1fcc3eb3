import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectThrough, countToEnd, downloadAll } from '../test-support/connect.ts';
import { Customer, eventually } from '../test-support/customer.ts';
import { openTunnel } from '../test-support/open-tunnel.ts';

const creditedBytes = 200_000_000;
let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
});
afterAll(() => stack[Symbol.asyncDispose]());

async function download(key: string, bytes: number, gateway = stack.info.gateway.marvel): Promise<number> {
  const authority = new URL(stack.info.echo).host;
  return downloadAll(await openTunnel({ gateway, username: key, password: 'country-GB', authority }), bytes);
}

describe('with the edge away', () => {
  it('a gateway goes on serving, and posts what it owes when the edge is back: nothing twice, nothing lost', async () => {
    const customer = await Customer.withBytes(stack.info, creditedBytes);
    const { key } = await customer.makeKey();
    let spent = await download(key, 1_000_000);
    expect(await customer.balanceSettledAt(creditedBytes - spent)).toBe(creditedBytes - spent);

    await stack.edge.stop();
    for (let request = 0; request < 3; request += 1) spent += await download(key, 100_000);
    await stack.edge.start();
    expect(await customer.balanceSettledAt(creditedBytes - spent, 20_000)).toBe(creditedBytes - spent);
  });

  it('a gateway killed with batches unposted posts them after its restart, once', async () => {
    const customer = await Customer.withBytes(stack.info, creditedBytes);
    const { key } = await customer.makeKey();
    let spent = await download(key, 1_000_000);
    expect(await customer.balanceSettledAt(creditedBytes - spent)).toBe(creditedBytes - spent);
    const [gateway] = stack.gateways;
    if (gateway === undefined) throw new Error('no gateway');

    gateway.link.cut();
    spent += await download(key, 200_000);
    await eventually('the batch is sealed on disk', async () => {
      const metrics = await (await fetch(`http://${gateway.admin}/metrics`)).text();
      const isAllSealed = /^marvel_gateway_unsealed_bytes 0$/m.test(metrics);
      return isAllSealed && /^marvel_gateway_pending_batches [1-9]/m.test(metrics) ? true : undefined;
    });
    await gateway.kill();
    gateway.link.heal();
    await gateway.start();
    expect(await customer.balanceSettledAt(creditedBytes - spent, 20_000)).toBe(creditedBytes - spent);
    expect(await download(key, 1000)).toBeGreaterThan(1000);
  });

  it('a transaction held open while later ones commit does not make a gateway miss its record', async () => {
    const [customer, other] = await Promise.all([
      Customer.withBytes(stack.info, creditedBytes),
      Customer.withBytes(stack.info, creditedBytes),
    ]);
    const early = await customer.makeKey();
    const slow = new Client({ connectionString: stack.postgres.url });
    await slow.connect();
    let later: Awaited<ReturnType<Customer['makeKey']>>;
    try {
      await slow.query('begin');
      await slow.query('update api_key set revoked_at = now() where id = $1', [early.id]);
      // Of another account: the keys of one are made and revoked one after the other.
      later = await other.makeKey();
      await slow.query('commit');
    } finally {
      await slow.end();
    }

    await download(later.key, 1000);
    const refused = await eventually('the record of the slow transaction arrives', async () => {
      const attempt = await connectThrough({
        gateway: stack.info.gateway.marvel,
        username: early.key,
        password: 'country-US',
        authority: new URL(stack.info.echo).host,
      });
      attempt.socket.destroy();
      return attempt.status === 407 ? attempt : undefined;
    });
    expect(refused.headers.get('x-marvel-error')).toBe('unauthenticated');
  });
});

describe('a gateway', () => {
  it('killed without a state directory serves again once it has read the feed, and strands nothing', async () => {
    const gateway = await stack.addGateway({ MARVEL_STATE_DIR: '' });
    const customer = await Customer.withBytes(stack.info, 10_000_000);
    const { key } = await customer.makeKey();
    const spent = await download(key, 1_000_000, gateway.marvel);
    expect(await customer.balanceSettledAt(10_000_000 - spent)).toBe(10_000_000 - spent);
    const open = await connectThrough({
      gateway: gateway.marvel,
      username: key,
      password: 'country-GB',
      authority: new URL(stack.info.echo).host,
    });
    const ended = countToEnd(open.socket);
    await gateway.kill();
    expect(await ended).toBe(0);
    await gateway.start();
    // What the lost process held of the budget is free again: more can be spent than it would have left.
    const again = await download(key, 8_000_000, gateway.marvel);
    expect(await customer.balanceSettledAt(10_000_000 - spent - again)).toBe(10_000_000 - spent - again);
    await gateway.stop();
  });

  it('whose disk is full goes on serving and billing, says so, and keeps what it owes on disk once there is room', async () => {
    const gateway = await stack.addGateway();
    const customer = await Customer.withBytes(stack.info, creditedBytes);
    const { key } = await customer.makeKey();
    let spent = await download(key, 100_000, gateway.marvel);
    // No file of this process can grow any more: state, batches and log alike.
    await limitFileBytes(gateway.pid, '0');
    for (let request = 0; request < 3; request += 1) spent += await download(key, 100_000, gateway.marvel);
    expect(await customer.balanceSettledAt(creditedBytes - spent)).toBe(creditedBytes - spent);
    const faults = await eventually('it counts what the disk refused', async () => {
      const metrics = await (await fetch(`http://${gateway.admin}/metrics`)).text();
      return /^marvel_gateway_events_total\{event="outbox_fault"\} ([1-9][0-9]*)$/m.exec(metrics) ?? undefined;
    });
    expect(Number(faults[1])).toBeGreaterThan(0);

    await limitFileBytes(gateway.pid, 'unlimited');
    gateway.link.cut();
    spent += await download(key, 100_000, gateway.marvel);
    await eventually('what it owes is on disk', async () => {
      const metrics = await (await fetch(`http://${gateway.admin}/metrics`)).text();
      const isAllSealed = /^marvel_gateway_unsealed_bytes 0$/m.test(metrics);
      return isAllSealed && /^marvel_gateway_pending_batches [1-9]/m.test(metrics) ? true : undefined;
    });
    await gateway.kill();
    gateway.link.heal();
    await gateway.start();
    expect(await customer.balanceSettledAt(creditedBytes - spent, 20_000)).toBe(creditedBytes - spent);
    expect(await download(key, 1000, gateway.marvel)).toBeGreaterThan(1000);
    await gateway.stop();
  });
});

/** Bounds the files that a running process may write, as a full disk does: what goes beyond fails in the middle of its write. */
async function limitFileBytes(pid: number, soft: string): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${soft}:unlimited`]);
}
