import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectRefusal } from '../test-support/expect-refusal.ts';
import { echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { TestGateway } from '../test-support/test-gateway.ts';

// Addresses of others stand for public ones of this host: exits of the tests dial nothing.
const ofHost = ['198.41.0.4', '2001:503:ba3e::2:30'];
const policy = { ports: [443], allow: [], own_addresses: [] };

let exit: ScriptedExit;
beforeAll(async () => {
  exit = await ScriptedExit.start(echoes);
});
afterAll(async () => {
  await exit[Symbol.asyncDispose]();
});
beforeEach(() => {
  exit.heads.length = 0;
});

async function startGateway(listen: string): Promise<TestGateway> {
  const gateway = await TestGateway.start({ MARVEL_LISTEN: listen }, ofHost);
  gateway.addExit(exit.port);
  gateway.fleet.policy = policy;
  return gateway;
}

async function statusOf(gateway: TestGateway, to: string): Promise<number> {
  const { wire, answer } = await gateway.connect({ to });
  if (answer.status === 403) expectRefusal(answer, 'destination_forbidden');
  wire.close();
  return answer.status;
}

describe('a gateway that listens on every address', () => {
  test('is no destination at any of them, however spelled, and its neighbours are', async () => {
    await using gateway = await startGateway('0.0.0.0:0');
    expect(await statusOf(gateway, '198.41.0.4:443')).toBe(403);
    expect(await statusOf(gateway, '[2001:0503:BA3E:0::2:30]:443')).toBe(403);
    expect(exit.heads).toEqual([]);
    expect(await statusOf(gateway, '198.41.0.5:443')).toBe(200);
    expect(await statusOf(gateway, '[2001:503:ba3e::2:31]:443')).toBe(200);
  });

  test('is one where the policy allows it, at that port', async () => {
    await using gateway = await startGateway('0.0.0.0:0');
    gateway.fleet.policy = { ...policy, allow: [{ host: '198.41.0.4', port: 8443 }] };
    expect(await statusOf(gateway, '198.41.0.4:8443')).toBe(200);
    expect(await statusOf(gateway, '198.41.0.4:443')).toBe(403);
  });
});

describe('a gateway that listens on one address', () => {
  test('leaves the others of its host to the policy, whose changes it follows', async () => {
    await using gateway = await startGateway('127.0.0.1:0');
    expect(await statusOf(gateway, '127.0.0.1:443')).toBe(403);
    expect(await statusOf(gateway, '198.41.0.4:443')).toBe(200);
    gateway.fleet.policy = { ...policy, own_addresses: ['198.41.0.4'] };
    expect(await statusOf(gateway, '198.41.0.4:443')).toBe(403);
  });
});
