import { once } from 'node:events';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectThrough, countToEnd } from '../test-support/connect.ts';
import { Customer, eventually } from '../test-support/customer.ts';
import { openTunnel } from '../test-support/open-tunnel.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true });
});
afterAll(() => stack[Symbol.asyncDispose]());

describe('a revoked key', () => {
  it('gets 407, its open tunnels are cut, and another key of the account goes on', async () => {
    const customer = await Customer.withBytes(stack.info, 10_000_000);
    const revoked = await customer.makeKey();
    const kept = await customer.makeKey();
    const as = (key: string) => ({
      gateway: stack.info.gateway.marvel,
      username: key,
      password: 'country-US',
      authority: new URL(stack.info.echo).host,
    });
    const cutTunnel = await openTunnel(as(revoked.key));
    const keptTunnel = await openTunnel(as(kept.key));

    const ended = countToEnd(cutTunnel);
    expect((await customer.call('DELETE', `/v1/keys/${revoked.id}`)).status).toBe(204);
    expect(await ended).toBe(0);
    cutTunnel.destroy();
    const refused = await eventually('the revoked key is refused', async () => {
      const answer = await connectThrough(as(revoked.key));
      answer.socket.destroy();
      return answer.status === 407 ? answer : undefined;
    });
    expect(refused.headers.get('x-marvel-error')).toBe('unauthenticated');

    keptTunnel.write('GET / HTTP/1.1\r\nHost: echo\r\n\r\n');
    const [first] = (await once(keptTunnel, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 200/);
    keptTunnel.destroy();
  });
});
