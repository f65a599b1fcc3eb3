import { once } from 'node:events';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectThrough, countToEnd } from '../test-support/connect.ts';
import { Customer, eventually } from '../test-support/customer.ts';
import { openTunnel } from '../test-support/open-tunnel.ts';

const creditedBytes = 1_000_000_000;
let stack: Stack;
let customer: Customer;
let key: string;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
});
afterAll(() => stack[Symbol.asyncDispose]());
beforeEach(async () => {
  customer = await Customer.withBytes(stack.info, creditedBytes);
  key = (await customer.makeKey()).key;
});

/** A tunnel to a port of the origin that counts what the client put into it and took out of it. */
async function openCountedTunnel(authority: string) {
  const gateway = stack.info.gateway.marvel;
  const socket = await openTunnel({ gateway, username: key, password: 'country-US', authority });
  const headBytesUp = socket.bytesWritten;
  return { socket, sentBytes: () => socket.bytesWritten - headBytesUp };
}

const httpEcho = () => new URL(stack.info.echo).host;

/** What the origin's kernel counted on the connections that this test opened, once all are closed. */
async function originBytes(since: number): Promise<number> {
  return eventually('the origin has seen its connections close', () => {
    const mine = stack.echo.connections().slice(since);
    if (mine.length === 0 || mine.some((connection) => !connection.closed)) return Promise.resolve(undefined);
    return Promise.resolve(mine.reduce((sum, connection) => sum + connection.bytesRead + connection.bytesWritten, 0));
  });
}

describe('the balance falls by exactly what client and origin counted', () => {
  it.each([
    ['one small GET', 'GET / HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n', 0],
    ['a 50 MB download', 'GET /bytes/50000000 HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n', 0],
    [
      'a 20 MB upload',
      'POST / HTTP/1.1\r\nHost: echo\r\nContent-Length: 20000000\r\nConnection: close\r\n\r\n',
      20_000_000,
    ],
  ])('%s', async (_name, head, uploadBytes) => {
    const since = stack.echo.connections().length;
    const { socket, sentBytes } = await openCountedTunnel(httpEcho());
    const received = countToEnd(socket);
    socket.write(head);
    if (uploadBytes > 0) socket.write(Buffer.alloc(uploadBytes, 'u'));
    const receivedBytes = await received;
    socket.end();
    await once(socket, 'close');
    const spent = sentBytes() + receivedBytes;
    expect(await originBytes(since)).toBe(spent);
    expect(await customer.balanceSettledAt(creditedBytes - spent)).toBe(creditedBytes - spent);
  });

  it('a 50 MB download and a 20 MB upload at once', async () => {
    const since = stack.echo.connections().length;
    const down = await openCountedTunnel(httpEcho());
    const up = await openCountedTunnel(httpEcho());
    const downReceived = countToEnd(down.socket);
    const upReceived = countToEnd(up.socket);
    down.socket.write('GET /bytes/50000000 HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n');
    up.socket.write('POST / HTTP/1.1\r\nHost: echo\r\nContent-Length: 20000000\r\nConnection: close\r\n\r\n');
    up.socket.write(Buffer.alloc(20_000_000, 'u'));
    const receivedBytes = (await downReceived) + (await upReceived);
    down.socket.end();
    up.socket.end();
    const spent = down.sentBytes() + up.sentBytes() + receivedBytes;
    expect(await originBytes(since)).toBe(spent);
    expect(await customer.balanceSettledAt(creditedBytes - spent)).toBe(creditedBytes - spent);
  });

  it('an origin that ends its side first and goes on reading', async () => {
    const since = stack.echo.connections().length;
    const { socket, sentBytes } = await openCountedTunnel(stack.echo.raw.endsFirst);
    const receivedBytes = await countToEnd(socket);
    socket.write(Buffer.alloc(300_000, 'a'));
    socket.end(Buffer.alloc(1234, 'z'));
    await once(socket, 'close');
    const spent = sentBytes() + receivedBytes;
    expect(sentBytes()).toBe(301_234);
    expect(await originBytes(since)).toBe(spent);
    expect(await customer.balanceSettledAt(creditedBytes - spent)).toBe(creditedBytes - spent);
  });

  it('an origin that answers only after the client has ended its side', async () => {
    const since = stack.echo.connections().length;
    const { socket, sentBytes } = await openCountedTunnel(stack.echo.raw.answersAfterEnd);
    socket.end(Buffer.alloc(5000, 'q'));
    const receivedBytes = await countToEnd(socket);
    expect(receivedBytes).toBeGreaterThan(0);
    const spent = sentBytes() + receivedBytes;
    expect(await originBytes(since)).toBe(spent);
    expect(await customer.balanceSettledAt(creditedBytes - spent)).toBe(creditedBytes - spent);
  });

  it('bills a client that resets half-way for at least what it saw, and at most that plus the kernel’s buffers', async () => {
    /** Socket buffers of two loopback hops: 6 MB each way at most with the kernel's default tcp_rmem and tcp_wmem. */
    const kernelBuffersBytes = 2 * (6_291_456 + 4_194_304);
    const { socket, sentBytes } = await openCountedTunnel(httpEcho());
    socket.write('GET /bytes/50000000 HTTP/1.1\r\nHost: echo\r\n\r\n');
    let receivedBytes = 0;
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        receivedBytes += chunk.length;
        if (receivedBytes > 25_000_000) resolve();
      });
    });
    socket.resetAndDestroy();
    const seen = sentBytes() + receivedBytes;
    const spent = await eventually('the reset tunnel is settled', async () => {
      const balance = await customer.balanceBytes();
      return creditedBytes - balance >= seen ? creditedBytes - balance : undefined;
    });
    expect(spent).toBeLessThanOrEqual(seen + kernelBuffersBytes);
  });

  it('costs nothing to be refused', async () => {
    await openCountedTunnel(httpEcho()).then(({ socket }) => socket.destroy());
    for (const password of ['country-US-asn-1', 'city-US', '']) {
      const answer = await connectThrough({
        gateway: stack.info.gateway.marvel,
        username: key,
        password,
        authority: httpEcho(),
      });
      expect(answer.status).toBe(400);
    }
    const usage = await eventually('the refusals are posted', async () => {
      const response = await customer.call('GET', '/v1/usage');
      return response.ok ? ((await response.json()) as { balance_bytes: number }) : undefined;
    });
    expect(usage.balance_bytes).toBe(creditedBytes);
  });
});
