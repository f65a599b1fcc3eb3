import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectAnswer, connectThrough, downloadAll } from '../test-support/connect.ts';
import { Customer, eventually, readJson } from '../test-support/customer.ts';
import { openTunnel } from '../test-support/open-tunnel.ts';

const creditedBytes = 100_000_000;
const rotations = 3;

let stack: Stack;
let customer: Customer;
let key: string;
beforeAll(async () => {
  stack = await createStack({ ephemeral: true, gateways: 2 });
  customer = await Customer.withBytes(stack.info, creditedBytes);
  ({ key } = await customer.makeKey());
  for (const { marvel } of stack.gateways) (await openTunnel(asking(marvel, 'country-US'))).destroy();
});
afterAll(() => stack[Symbol.asyncDispose]());

function asking(gateway: string, password: string) {
  return { gateway, username: key, password, authority: new URL(stack.info.echo).host };
}

/** What a gateway says of a session when a tunnel is opened under it. */
async function sessionAt(gateway: string, session: string): Promise<ReadonlyMap<string, string>> {
  const answer: ConnectAnswer = await connectThrough(asking(gateway, `country-US-session-${session}`));
  answer.socket.destroy();
  expect(answer.status).toBe(200);
  return answer.headers;
}

async function listNodes(): Promise<readonly Record<string, unknown>[]> {
  const response = await customer.call('GET', '/v1/nodes');
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>[];
}

describe('a node', () => {
  it('is listed when a proxy password made it, with the exit and the end that the gateway named', async () => {
    const [{ marvel } = { marvel: '' }] = stack.gateways;
    const named = await sessionAt(marvel, 'made_by_dialling');
    const node = await eventually('the pin is listed', async () => {
      return (await listNodes()).find(({ session }) => session === 'made_by_dialling');
    });
    expect(node['exit_ip']).toBe(named.get('x-marvel-exit-ip'));
    expect(Date.parse(String(node['expires_at']))).toBe(Date.parse(named.get('x-marvel-session-expires') ?? ''));
  });

  it('that is rotated is followed by every gateway: the same exit, generation and end', async () => {
    await readJson(await customer.call('POST', '/v1/nodes', { country: 'US', session: 'rotated' }));
    const generations: number[] = [];
    for (let rotation = 0; rotation < rotations; rotation += 1) {
      const [before] = (await listNodes()).filter(({ session }) => session === 'rotated');
      const node = await readJson(await customer.call('POST', '/v1/nodes/rotated/rotate'));
      expect(node['exit_ip']).not.toBe(before?.['exit_ip']);
      const seen = await Promise.all(
        stack.gateways.map(async ({ name, marvel }) =>
          eventually(`${name} follows`, async () => {
            const named = await sessionAt(marvel, 'rotated');
            return named.get('x-marvel-exit-ip') === node['exit_ip'] ? named : undefined;
          }),
        ),
      );
      const ends = seen.map((named) => Date.parse(named.get('x-marvel-session-expires') ?? ''));
      expect(ends).toEqual(seen.map(() => Date.parse(String(node['expires_at']))));
      const [generation, ...others] = seen.map((named) => Number(named.get('x-marvel-session-generation')));
      expect(others).toEqual(others.map(() => generation));
      generations.push(generation ?? Number.NaN);
    }
    const [first = Number.NaN] = generations;
    expect(generations).toEqual(Array.from({ length: rotations }, (_, rotation) => first + rotation));
  });
});

describe('a gateway that is told to stop', () => {
  it('lets its tunnel end, bills what it moved and ends with 0, while another keeps the session on its exit', async () => {
    const [leaving, staying] = stack.gateways;
    if (leaving === undefined || staying === undefined) throw new Error('no two gateways');
    const before = await customer.balanceBytes();
    const tunnel = await openTunnel(asking(leaving.marvel, 'country-US-session-kept'));
    const held = await eventually('the pin is listed', async () => {
      return (await listNodes()).find(({ session }) => session === 'kept');
    });
    const { exited } = leaving;
    const stopped = leaving.stop();
    await eventually('it says that it drains', async () => {
      const response = await fetch(`http://${leaving.admin}/readyz`);
      return (await response.text()).includes('draining') ? true : undefined;
    });
    const moved = await downloadAll(tunnel, 5000);
    await stopped;
    expect(await exited).toBe(0);
    expect(moved).toBeGreaterThan(5000);
    expect(await customer.balanceSettledAt(before - moved)).toBe(before - moved);
    expect((await sessionAt(staying.marvel, 'kept')).get('x-marvel-exit-ip')).toBe(held['exit_ip']);
  });
});
