import type { Limits } from '@marvel/shared/limits';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { addressOf, ask, everyDialect, subUser, subUserConnect } from '../test-support/sub-user-client.ts';
import { account, credential, destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, type Wire } from '../test-support/wire.ts';

let gateway: TestGateway;
let exit: ScriptedExit;
beforeEach(async () => {
  // So often are tunnels looked after then.
  gateway = await TestGateway.start({ ...everyDialect, MARVEL_HALF_CLOSE_TIMEOUT_MS: '100' });
  exit = await ScriptedExit.start(echoes);
  gateway.addExit(exit.port);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

/** Who can be limited: how that is done, and a CONNECT of it. */
interface Holder {
  readonly id: string;
  limit(limits: Limits): void;
  connect(to?: string): Promise<{ readonly wire: Wire; readonly status: number }>;
}

async function connectAt(address: string, request: string): Promise<{ readonly wire: Wire; readonly status: number }> {
  const { wire, answer } = await ask(address, request);
  return { wire, status: answer.status };
}

function limitSubUser(limits: Limits): void {
  gateway.fleet.setSubUser(subUser.id, { ...subUser, limits });
}

const holders: readonly (readonly [string, Holder])[] = [
  [
    'a key',
    {
      id: credential,
      limit: (limits) => {
        gateway.limit(limits);
      },
      connect: (to = destination) => connectAt(gateway.address, connectRequest(to, { key: gateway.key })),
    },
  ],
  [
    'a sub-user, in the dialect of proxies.fo,',
    {
      id: subUser.id,
      limit: limitSubUser,
      connect: (to = destination) => connectAt(addressOf(gateway, 'residential'), subUserConnect({ to })),
    },
  ],
  [
    'a sub-user, in the dialect of ProxyMesh,',
    {
      id: subUser.id,
      limit: limitSubUser,
      connect: (to = destination) => connectAt(addressOf(gateway, 'proxymesh'), subUserConnect({ to })),
    },
  ],
  [
    'an address that stands for a sub-user',
    {
      id: subUser.id,
      limit: (limits) => {
        limitSubUser(limits);
        gateway.fleet.sources.set('127.0.0.1', {
          kind: 'authorized_source',
          id: 'src_0001',
          account,
          sub_user: subUser.id,
          source: 'ip',
          addresses: ['127.0.0.1'],
        });
      },
      connect: (to = destination) => connectAt(addressOf(gateway, 'proxymesh'), subUserConnect({ username: null, to })),
    },
  ],
];

describe.each(holders)('the limits of %s', (_who, holder) => {
  /** Tries to open a tunnel; gives what it was refused with, `open` when it was not. */
  async function codeFor(to?: string): Promise<string | undefined> {
    const refusals = gateway.refusals.length;
    const { wire, status } = await holder.connect(to);
    wire.close();
    return status === 200 ? 'open' : gateway.refusals[refusals]?.code;
  }

  test.each<[string, Limits, Limits]>([
    ['it is paused', { paused: true }, { paused: false }],
    ['it has expired', { expires_at: '2020-01-01T00:00:00.000Z' }, { expires_at: '2099-01-01T00:00:00.000Z' }],
    ['it comes from another address', { source_ips: ['192.0.2.1'] }, { source_ips: ['192.0.2.1', '127.0.0.1'] }],
  ])('make it nobody while %s', async (_when, ended, inForce) => {
    holder.limit(ended);
    expect(await codeFor()).toBe('unauthenticated');
    holder.limit(inForce);
    expect(await codeFor()).toBe('open');
  });

  test('cut its tunnels when it expires', async () => {
    holder.limit({});
    const { wire, status } = await holder.connect();
    expect(status).toBe(200);
    holder.limit({ expires_at: new Date(Date.now() + 100).toISOString() });
    // As the feed would: of a key the fleet of the tests tells nothing by itself.
    gateway.fleet.tell({ kind: 'reset' });
    await wire.ended;
    await eventually(() => {
      expect(gateway.tunnels).toMatchObject([{ credential: holder.id, end: 'credential_ended' }]);
    });
    expect(await codeFor()).toBe('unauthenticated');
  });

  test('keep it to its hosts, and from those that it may not visit', async () => {
    holder.limit({ hosts_allow: ['*.example.com', 'example.org'] });
    expect(await codeFor('www.example.com:443')).toBe('open');
    expect(await codeFor('EXAMPLE.org.:443')).toBe('open');
    expect(await codeFor('example.com:443')).toBe('destination_forbidden');
    expect(await codeFor('badexample.com:443')).toBe('destination_forbidden');
    holder.limit({ hosts_deny: ['bad.example.com'] });
    expect(await codeFor('www.example.com:443')).toBe('open');
    expect(await codeFor('bad.example.com:443')).toBe('destination_forbidden');
    holder.limit({ hosts_allow: ['*.example.com'], hosts_deny: ['bad.example.com'] });
    expect(await codeFor('bad.example.com:443')).toBe('destination_forbidden');
  });

  test.each<[keyof Limits, string]>([
    ['bytes_per_day', 'day'],
    ['bytes_per_month', 'month'],
    ['bytes_total', 'total'],
  ])('have it spend from its cap too: %s', async (cap, window) => {
    holder.limit({ [cap]: 1000 });
    expect(await codeFor()).toBe('open');
    expect(gateway.meter.spenders[0]?.spending).toMatchObject({
      account,
      credential: holder.id,
      budgets: [account, `${holder.id}/${window}`],
    });
  });
});
