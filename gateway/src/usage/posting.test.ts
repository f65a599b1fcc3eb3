import { expect, test } from 'vitest';
import { eventually } from '../../test-support/event-log.ts';
import { edgeKeys, newKeyPair, signedAnswer } from '../../test-support/scripted-edge.ts';
import { kib, mib, startSettlingEdge, startUsage, Tunnel } from '../../test-support/usage-harness.ts';

test.each([
  ['a lost reply', 'lose'],
  ['a dropped connection', 'drop'],
  ['an edge that hangs', 'hang'],
  ['an internal error', 500],
  ['an overloaded edge', 429],
  ['a gateway token that is not known yet', 401],
] as const)(
  'after %s the identical batch is sent again, counted once, and its lease is given once',
  async (_what, fault) => {
    const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
    edge.faults.push(undefined, fault, fault);
    const { usage, events, close } = await startUsage(server, edge.balances, { requestTimeoutMs: 500 });
    const tunnel = new Tunnel(usage);
    await tunnel.move(10 * mib);
    tunnel.spender.end();
    await close();
    expect(edge.spent('acc_0001')).toBe(10 * mib);
    expect([edge.balances.get('acc_0001'), edge.held.get('acc_0001')]).toEqual([90 * mib, 0]);
    const digests = new Map(edge.posts.map(({ name, digest }) => [name, digest]));
    expect(edge.posts.every(({ name, digest }) => digests.get(name) === digest)).toBe(true);
    expect(edge.posts.length).toBe(digests.size + 2);
    expect(events.of('usage_unavailable')).toHaveLength(2);
    expect(events.of('usage_unavailable').map(({ failures }) => failures)).toEqual([1, 2]);
  },
);

const larger = (honest: string) => honest.replace(/"granted":\d+/, '"granted":999999999999');
const replies: readonly [reason: string, (honest: string) => ReturnType<typeof signedAnswer>][] = [
  ['signature_missing', async (reply) => ({ status: 200, body: Buffer.from(reply) })],
  [
    'signature_invalid',
    async (reply) => signedAnswer(reply, 'marvel-usage-reply', (await newKeyPair('feed-1')).signer),
  ],
  ['signature_unknown_key', async (reply) => signedAnswer(reply, 'marvel-usage-reply', (await newKeyPair('x')).signer)],
  ['signature_wrong_kind', (reply) => signedAnswer(reply, 'marvel-feed-page', edgeKeys.signer)],
  [
    'reply_malformed',
    (reply) => signedAnswer(`${reply.slice(0, -1)},"more":1}`, 'marvel-usage-reply', edgeKeys.signer),
  ],
  [
    'reply_to_another',
    (reply) => signedAnswer(reply.replace(/"seq":\d+/, '"seq":99'), 'marvel-usage-reply', edgeKeys.signer),
  ],
  [
    'reply_to_another',
    (reply) => signedAnswer(reply.replace('gtw_0001', 'gtw_0002'), 'marvel-usage-reply', edgeKeys.signer),
  ],
];

test.each(replies)(
  'a reply is not believed: %s; nothing of it counts, and the batch is sent again',
  async (reason, forge) => {
    const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
    edge.faults.push((honest) => forge(larger(honest)));
    const { usage, events, close } = await startUsage(server, edge.balances);
    const tunnel = new Tunnel(usage);
    await tunnel.move(mib);
    tunnel.spender.end();
    await close();
    expect(events.of('usage_unavailable').map((event) => event.reason)).toEqual([reason]);
    expect([edge.balances.get('acc_0001'), edge.held.get('acc_0001')]).toEqual([99 * mib, 0]);
  },
);

test('while a batch is unanswered others are sealed behind it, and speak of no lease', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const { usage, close } = await startUsage(server, edge.balances);
  const tunnel = new Tunnel(usage);
  await tunnel.move(kib);
  await eventually(() => expect(usage.load().budgets + usage.load().pendingBatches).toBe(1));
  edge.fault = 'hang';
  for (let sealed = 1; sealed <= 4; sealed += 1) {
    await tunnel.move(100);
    await eventually(() => expect(usage.load().pendingBatches).toBeGreaterThanOrEqual(sealed));
  }
  const before = edge.settled.length;
  edge.fault = undefined;
  tunnel.spender.end();
  await server.stop();
  await server.listen();
  await close();
  const speaking = edge.settled.slice(before).map((batch) => batch.leases.length > 0);
  expect(speaking.slice(1, 4)).toEqual([false, false, false]);
  expect(edge.spent('acc_0001')).toBe(kib + 400);
  expect(edge.held.get('acc_0001')).toBe(0);
});

test('a window of 2,500 headings goes out as three chained batches', async () => {
  const { edge, server } = await startSettlingEdge();
  const { usage, close } = await startUsage(server, edge.balances, { postIntervalMs: 60_000 });
  for (let index = 0; index < 2500; index += 1) {
    const tunnel = new Tunnel(usage, { budgets: [], credential: `key_${10_000 + index}` });
    tunnel.spender.record(1, 2);
    tunnel.spender.end();
  }
  await close();
  expect(edge.settled.map((batch) => batch.records.length)).toEqual([1000, 1000, 500]);
  expect(edge.spent('acc_0001')).toBe(7500);
});

test('a quiet gateway says now and then that it lives, and how many tunnels are open', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: mib });
  const { usage } = await startUsage(server, edge.balances, { heartbeatMs: 30 });
  const tunnel = new Tunnel(usage);
  await eventually(() => expect(edge.settled.length).toBeGreaterThanOrEqual(3));
  expect(edge.settled.at(-1)?.open).toEqual([{ credential: 'key_0001', tunnels: 1 }]);
  tunnel.spender.end();
  await eventually(() => expect(edge.settled.at(-1)?.open).toEqual([]));
});
