import { Availability } from '@marvel/shared/api/availability';
import { Node, NodeList } from '@marvel/shared/api/node';
import { rendezvousScore } from '@marvel/shared/choose-exit';
import { parseTarget } from '@marvel/shared/target';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';
import { addExits } from '../../../test-support/reserve.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const someone = await edge.signUp(1000);

const american = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
let americanIds: readonly string[] = [];

beforeAll(async () => {
  americanIds = await addExits(
    edge,
    american.map((exitIp) => ({ country: 'US', exitIp })),
  );
  await addExits(edge, [
    { country: 'US', exitIp: '192.0.2.4', abuseScore: 60 },
    { country: 'US', exitIp: '192.0.2.5', network: 'datacenter' },
    { country: 'DE', exitIp: '192.0.2.6', abuseScore: 60 },
    { country: 'FR', exitIp: '192.0.2.7', livesForMs: 60_000 },
    { country: 'GB', exitIp: '192.0.2.8', network: 'isp' },
  ]);
});

async function hold({ token }: SignedUp, body: unknown) {
  const reply = await edge.call('POST', '/v1/nodes', { token, body });
  expect(reply.status).toBe(201);
  return v.parse(Node, reply.json);
}

describe('POST /v1/nodes', () => {
  test('holds the exit that any gateway would find for the session, and says how to dial it', async () => {
    const account = await edge.signUp(1000);
    const node = await hold(account, { country: 'us', session: 'cart_1', min_purity: 90 });
    const scores = americanIds.map((id) => rendezvousScore(account.accountId, 'cart_1', id));
    expect(node.exit_ip).toBe(american[scores.indexOf(Math.max(...scores))]);
    expect(node).toMatchObject({ session: 'cart_1', country: 'US', asn: 64_500, purity: 100, grade: 'S' });
    expect(node.seals).toContain('tls');
    const target = parseTarget(node.dial.password);
    expect(target.ok && target.value).toEqual({ country: 'US', session: 'cart_1', minPurity: 90 });
    expect(node.dial).toMatchObject({ host: 'gateway.example', port: 9000, username: '{key}' });
    expect(node.dial.url).toBe(`http://{key}:${node.dial.password}@gateway.example:9000`);
  });

  test('makes a session when none is given', async () => {
    const account = await edge.signUp(1000);
    const [one, two] = [await hold(account, { country: 'US' }), await hold(account, { country: 'US' })];
    expect(one.session).toMatch(/^[A-Za-z0-9_]{1,64}$/);
    expect(one.session).not.toBe(two.session);
  });

  test('the same session keeps its exit for a country, and takes another for another', async () => {
    const account = await edge.signUp(1000);
    const first = await hold(account, { country: 'US', session: 'same' });
    const again = await hold(account, { country: 'US', session: 'same', min_purity: 95 });
    expect(again.exit_ip).toBe(first.exit_ip);
    expect(Date.parse(again.expires_at)).toBeGreaterThanOrEqual(Date.parse(first.expires_at));
    expect((await hold(account, { country: 'DE', session: 'same' })).exit_ip).toBe('192.0.2.6');
    const [row] = await edge.database.query<{ generation: number }>(
      'select generation from node where account_id = $1',
      [account.accountId],
    );
    expect(row?.generation).toBe(2);
  });

  test('a node ends after ten minutes, and no later than its exit', async () => {
    const account = await edge.signUp(1000);
    const now = Date.now();
    const inMs = (node: v.InferOutput<typeof Node>) => Date.parse(node.expires_at) - now;
    const leftMs = inMs(await hold(account, { country: 'US' }));
    expect(leftMs).toBeGreaterThan(590_000);
    expect(leftMs).toBeLessThan(630_000);
    expect(inMs(await hold(account, { country: 'FR' }))).toBeLessThanOrEqual(60_000);
  });

  test('an empty balance is 402, and one that was overspent', async () => {
    for (const bytes of [0, -5]) {
      const { token } = await edge.signUp(bytes);
      expectFailure(await edge.call('POST', '/v1/nodes', { token, body: { country: 'US' } }), 'balance_exhausted');
    }
  });

  test('no live exit of the network that fits is 404', async () => {
    const { token } = await edge.signUp(1000);
    for (const body of [{ country: 'JP' }, { country: 'GB' }, { country: 'DE', min_purity: 99 }]) {
      expectFailure(await edge.call('POST', '/v1/nodes', { token, body }), 'no_capacity');
    }
  });

  test.each([
    [{}, 'target_missing_country'],
    [{ country: 'USA' }, 'target_invalid_country'],
    [{ country: '' }, 'target_invalid_country'],
    [{ country: null }, 'target_invalid_country'],
    [{ country: 'US', session: 'a-b' }, 'target_invalid_session'],
    [{ country: 'US', session: '' }, 'target_invalid_session'],
    [{ country: 'US', session: 'x'.repeat(65) }, 'target_invalid_session'],
    [{ country: 'US', min_purity: 101 }, 'target_invalid_min_purity'],
    [{ country: 'US', min_purity: -1 }, 'target_invalid_min_purity'],
    [{ country: 'US', min_purity: 1.5 }, 'target_invalid_min_purity'],
    [{ country: 'US', min_purity: '50' }, 'target_invalid_min_purity'],
  ] as const)('%o is refused with %s', async (body, code) => {
    const { token } = someone;
    expectFailure(await edge.call('POST', '/v1/nodes', { token, body }), code);
  });

  test('a field that there is not is named as such', async () => {
    const { token } = await edge.signUp(1000);
    const reply = await edge.call('POST', '/v1/nodes', { token, body: { country: 'US', asn: 7922 } });
    expectFailure(reply, 'invalid', 'asn: is not known here');
  });
});

describe('GET, DELETE and rotate of nodes', () => {
  test('nodes are listed until they are let go or expire', async () => {
    const account = await edge.signUp(1000);
    const { token } = account;
    const held = [
      await hold(account, { country: 'US', session: 'a' }),
      await hold(account, { country: 'DE', session: 'b', min_purity: 10 }),
    ];
    const list = async () => v.parse(NodeList, (await edge.call('GET', '/v1/nodes', { token })).json);
    expect(await list()).toEqual(held);
    expect((await edge.call('DELETE', '/v1/nodes/a', { token })).status).toBe(204);
    expectFailure(await edge.call('DELETE', '/v1/nodes/a', { token }), 'not_found');
    expect(await list()).toEqual([held[1]]);
    await edge.database.query("update node set expires_at = now() - interval '1 s' where account_id = $1", [
      account.accountId,
    ]);
    expect(await list()).toEqual([]);
  });

  test('a node that was let go and is held again is of a later generation', async () => {
    const account = await edge.signUp(1000);
    await hold(account, { country: 'US', session: 'again' });
    expect((await edge.call('DELETE', '/v1/nodes/again', account)).status).toBe(204);
    await hold(account, { country: 'US', session: 'again' });
    expect(await edge.database.query('select generation from node where account_id = $1', [account.accountId])).toEqual(
      [{ generation: 2 }],
    );
  });

  test('rotate holds another exit of the same country and purity, and 404 says that there is none', async () => {
    const account = await edge.signUp(1000);
    const { token } = account;
    const before = await hold(account, { country: 'US', session: 'turn', min_purity: 90 });
    const seen = new Set([before.exit_ip]);
    for (let turn = 0; turn < 4; turn += 1) {
      const reply = await edge.call('POST', '/v1/nodes/turn/rotate', { token });
      expect(reply.status).toBe(200);
      const node = v.parse(Node, reply.json);
      expect(american).toContain(node.exit_ip);
      expect(node.dial.password).toBe(before.dial.password);
      seen.add(node.exit_ip);
    }
    expect(seen.size).toBeGreaterThan(1);
    await hold(account, { country: 'DE', session: 'only' });
    expectFailure(await edge.call('POST', '/v1/nodes/only/rotate', { token }), 'no_capacity');
    expectFailure(await edge.call('POST', '/v1/nodes/nobody/rotate', { token }), 'not_found');
  });

  test('a session that was rotated and is asked for again keeps the exit it was rotated to', async () => {
    const account = await edge.signUp(1000);
    const best = await hold(account, { country: 'US', session: 'kept' });
    const rotated = v.parse(Node, (await edge.call('POST', '/v1/nodes/kept/rotate', account)).json);
    expect(rotated.exit_ip).not.toBe(best.exit_ip);
    expect((await hold(account, { country: 'US', session: 'kept' })).exit_ip).toBe(rotated.exit_ip);
  });

  test('another account’s session of the same name is another node', async () => {
    const one = await edge.signUp(1000);
    const two = await edge.signUp(1000);
    await hold(one, { country: 'US', session: 'mine' });
    expectFailure(await edge.call('DELETE', '/v1/nodes/mine', { token: two.token }), 'not_found');
    expectFailure(await edge.call('POST', '/v1/nodes/mine/rotate', { token: two.token }), 'not_found');
  });
});

async function ask(query: string) {
  return edge.call('GET', `/v1/availability?${query}`);
}

describe('GET /v1/availability', () => {
  test('counts the live residential exits of each country, for everybody', async () => {
    const reply = await edge.call('GET', '/v1/availability');
    expect(reply.headers.get('Cache-Control')).toBe('public, max-age=5');
    const { countries } = v.parse(Availability, reply.json);
    expect(countries).toEqual([
      {
        country: 'DE',
        exits: 1,
        dominant_grade: 'A',
        mean_purity: 85,
        grades: { S: 0, A: 1, B: 0 },
        dial_success: null,
      },
      {
        country: 'FR',
        exits: 1,
        dominant_grade: 'S',
        mean_purity: 100,
        grades: { S: 1, A: 0, B: 0 },
        dial_success: null,
      },
      {
        country: 'US',
        exits: 4,
        dominant_grade: 'S',
        mean_purity: 96.3,
        grades: { S: 3, A: 1, B: 0 },
        dial_success: null,
      },
    ]);
  });

  test('of one country in either case, with the dials that gateways reported', async () => {
    await edge.database.query(
      "insert into exit_dial (exit_id, hour, gateway_id, dials, failures, latency_ms) values ($1, date_trunc('hour', now()), 'gtw_12345678', 8, 1, 70)",
      [americanIds[0]],
    );
    const { countries } = v.parse(Availability, (await edge.call('GET', '/v1/availability/us')).json);
    expect(countries).toMatchObject([{ country: 'US', exits: 4, dial_success: 0.875 }]);
  });

  test('is that of one country alone with ?country=, and of none where nothing of it is live', async () => {
    const { json } = await ask('country=fr');
    expect(v.parse(Availability, json).countries).toMatchObject([{ country: 'FR', exits: 1 }]);
    expect((await ask('country=JP')).json).toMatchObject({ countries: [] });
    for (const wrong of ['country=USA', 'country=', 'country=%27']) {
      expectFailure(await ask(wrong), 'target_invalid_country');
    }
    expectFailure(await ask('country=US&country=DE'), 'invalid', 'a query parameter appears twice');
    expectFailure(await ask('state=CA'), 'invalid', 'state: is not known here');
  });

  test('a country without a live exit is 404, one that is none 422', async () => {
    expectFailure(await edge.call('GET', '/v1/availability/JP'), 'no_capacity');
    expectFailure(await edge.call('GET', '/v1/availability/GB'), 'no_capacity');
    expectFailure(await edge.call('GET', '/v1/availability/USA'), 'target_invalid_country');
    expectFailure(await edge.call('GET', '/v1/availability/1'), 'target_invalid_country');
  });
});
