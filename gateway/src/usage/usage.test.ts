import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openingAllowanceBytes } from '@marvel/shared/lease';
import * as fc from 'fast-check';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createEdgeClient } from '../edge-client.ts';
import type { Spender, SpenderEvents, Spending } from '../spender.ts';
import { EventLog, eventually } from '../testing/event-log.ts';
import { type KeyPair, newKeyPair, type ScriptedEdge, signedAnswer, startEdge } from '../testing/scripted-edge.ts';
import { SettlingEdge } from '../testing/settling-edge.ts';
import { createUsage, type Usage, type UsageOptions } from './usage.ts';
import type { UsageEvent } from './usage-event.ts';

const kib = 1024;
const mib = 1024 * kib;

let edgeKeys: KeyPair;
let gatewayKeys: KeyPair;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  edgeKeys = await newKeyPair('feed-1');
  gatewayKeys = await newKeyPair('gtw_0001');
});
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function startSettlingEdge(balances: Readonly<Record<string, number>> = {}) {
  const edge = new SettlingEdge(edgeKeys, gatewayKeys.keys);
  for (const [budget, bytes] of Object.entries(balances)) edge.balances.set(budget, bytes);
  const server = await startEdge((call) => edge.answer(call));
  open.push(async () => {
    await server.stop();
    expect(edge.complaints).toEqual([]);
  });
  return { edge, server };
}

async function startUsage(
  server: ScriptedEdge,
  balances: ReadonlyMap<string, number>,
  options: Partial<UsageOptions> = {},
) {
  const client = createEdgeClient({ url: server.url, token: 'gw_test' });
  const events = new EventLog<UsageEvent>();
  const usage = await createUsage({
    edge: client,
    gateway: 'gtw_0001',
    signer: gatewayKeys.signer,
    keys: edgeKeys.keys,
    now: () => performance.now(),
    balanceBytes: (budget) => balances.get(budget),
    report: events.report,
    postIntervalMs: 5,
    heartbeatMs: 60_000,
    ...options,
  });
  let isClosed = false;
  const close = async (withinMs = 5000) => {
    if (isClosed) return;
    isClosed = true;
    await usage.close(withinMs);
    await client.close();
  };
  open.push(() => close(0));
  usage.start();
  return { usage, events, close };
}

const spending: Spending = {
  account: 'acc_0001',
  credential: 'key_0001',
  budgets: ['acc_0001'],
  exit: 'ext_0001',
  country: 'US',
  network: 'residential',
  dialect: 'marvel',
};

/** A tunnel that moves bytes as fast as it may, one chunk after another. */
class Tunnel implements SpenderEvents {
  readonly spender: Spender;
  moved = 0;
  dry: 'dry' | 'unanswered' | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(usage: Usage, changes: Partial<Spending> = {}) {
    this.spender = usage.meter.openSpender({ ...spending, ...changes }, this);
  }

  onMore(): void {
    this.#changed.resolve();
  }

  onDry(why: 'dry' | 'unanswered'): void {
    this.dry = why;
    this.#changed.resolve();
  }

  /** Gives when so much is moved, or the tunnel is cut; ends it only when it is cut. */
  async move(bytes: number, chunk = 128 * kib): Promise<void> {
    for (let left = bytes; left > 0;) {
      this.#changed = Promise.withResolvers();
      const taken = this.spender.take(Math.min(left, chunk));
      this.spender.record(0, taken);
      this.moved += taken;
      left -= taken;
      if (taken === 0) await this.#changed.promise;
      if (this.dry === undefined) continue;
      this.spender.end();
      return;
    }
  }
}

test('the first 64 KiB wait for nobody, and a lease is asked for at that moment', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const { usage } = await startUsage(server, edge.balances, { postIntervalMs: 60_000 });
  expect(usage.meter.standing(['acc_0001'])).toBe('spendable');
  const tunnel = new Tunnel(usage);
  expect(tunnel.spender.take(openingAllowanceBytes)).toBe(openingAllowanceBytes);
  tunnel.spender.record(openingAllowanceBytes - 10, 10);
  // No regular post is due for a minute: what comes now was urgent.
  await eventually(() => expect(edge.held.get('acc_0001')).toBeGreaterThan(mib));
  expect(edge.spent('acc_0001')).toBe(openingAllowanceBytes);
  await tunnel.move(mib);
  expect(tunnel.dry).toBeUndefined();
});

test('what is recorded is billed to the byte, under its headings, and closing gives every lease back', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib, acc_0002: 50 * mib });
  const { usage, close, events } = await startUsage(server, edge.balances);
  const a = new Tunnel(usage);
  const b = new Tunnel(usage, {
    account: 'acc_0002',
    credential: 'su_0001',
    budgets: ['acc_0002'],
    dialect: 'proxies-fo',
  });
  await Promise.all([a.move(20 * mib + 17), b.move(3 * mib)]);
  a.spender.record(5, 0);
  a.spender.take(1000);
  a.spender.end();
  a.spender.end();
  b.spender.end();
  usage.meter.recordRefusal({ account: 'acc_0001', credential: 'key_0001', dialect: 'marvel' }, 'no_capacity');
  usage.meter.recordDial('ext_0001', true, 12.4);
  usage.meter.recordDial('ext_0001', false, 500);
  await close();
  expect(edge.balances).toEqual(
    new Map([
      ['acc_0001', 80 * mib - 22],
      ['acc_0002', 47 * mib],
    ]),
  );
  expect([...edge.held.values()]).toEqual([0, 0]);
  const records = edge.settled.flatMap((batch) => batch.records);
  const ofA = records.filter((record) => record.credential === 'key_0001');
  expect(ofA.reduce((sum, record) => sum + record.connections, 0)).toBe(1);
  expect(ofA.reduce((sum, record) => sum + (record.refused.no_capacity ?? 0), 0)).toBe(1);
  expect(ofA.reduce((sum, record) => sum + record.bytes_up, 0)).toBe(5);
  expect(new Set(records.map((record) => record.dialect))).toEqual(new Set(['marvel', 'proxies-fo']));
  const exits = edge.settled.flatMap((batch) => batch.exits);
  expect(exits).toEqual([{ id: 'ext_0001', dials: 2, failures: 1, latency_ms: 12 }]);
  expect(events.of('usage_unsent')).toEqual([]);
});

test('an account with 1 MB left is cut within the allowance, refused after that, and let on when the feed says it was topped up', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 1_000_000 });
  const feed = new Map(edge.balances);
  const { usage } = await startUsage(server, feed);
  const tunnels = [new Tunnel(usage), new Tunnel(usage), new Tunnel(usage)];
  const idle = new Tunnel(usage);
  await Promise.all(tunnels.map((tunnel) => tunnel.move(100 * mib)));
  expect(tunnels.map((tunnel) => tunnel.dry)).toEqual(['dry', 'dry', 'dry']);
  expect(idle.dry).toBe('dry');
  const moved = tunnels.reduce((sum, tunnel) => sum + tunnel.moved, 0);
  expect(moved).toBeGreaterThanOrEqual(1_000_000);
  expect(moved).toBeLessThanOrEqual(1_000_000 + openingAllowanceBytes);
  await eventually(() => expect(edge.spent('acc_0001')).toBe(moved));
  expect(usage.meter.standing(['acc_0001'])).toBe('balance_exhausted');

  edge.balances.set('acc_0001', 10 * mib);
  feed.set('acc_0001', 10 * mib);
  usage.noteChange({ kind: 'account', id: 'acc_0001', status: 'active', balance_bytes: 10 * mib, threads: null });
  expect(await usage.meter.whenKnown(['acc_0001'])).toBe('spendable');
  const again = new Tunnel(usage);
  await again.move(2 * mib);
  expect(again.dry).toBeUndefined();
});

test('whom the edge gives nothing is refused, asks again, and is let on without a word of the feed when there is some', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 0 });
  const { usage } = await startUsage(server, new Map([['acc_0001', 5]]));
  const tunnel = new Tunnel(usage);
  await tunnel.move(mib);
  expect([tunnel.dry, tunnel.moved]).toEqual(['dry', openingAllowanceBytes]);
  expect(usage.meter.standing(['acc_0001'])).toBe('balance_exhausted');
  edge.balances.set('acc_0001', 10 * mib);
  await eventually(() => expect(usage.meter.standing(['acc_0001'])).toBe('spendable'));
});

test('a cap ends a tunnel whose account has plenty; nothing of the account is lost by that', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib, 'key_0001/day': 300 * kib });
  const { usage, close } = await startUsage(server, edge.balances);
  const budgets = ['acc_0001', 'key_0001/day'];
  const tunnel = new Tunnel(usage, { budgets });
  await tunnel.move(5 * mib);
  expect(tunnel.dry).toBe('dry');
  expect(tunnel.moved).toBeGreaterThanOrEqual(300 * kib);
  expect(tunnel.moved).toBeLessThanOrEqual(300 * kib + openingAllowanceBytes);
  expect(usage.meter.standing(budgets)).toBe('cap_exhausted');
  expect(usage.meter.standing(['acc_0001'])).toBe('spendable');
  await close();
  expect(edge.balances.get('acc_0001')).toBe(100 * mib - tunnel.moved);
  expect(edge.held.get('acc_0001')).toBe(0);
});

test('a test key has no budget: it spends freely and is reported', async () => {
  const { edge, server } = await startSettlingEdge();
  const { usage, close } = await startUsage(server, edge.balances);
  const tunnel = new Tunnel(usage, { budgets: [] });
  await tunnel.move(30 * mib);
  tunnel.spender.end();
  await close();
  expect(edge.spent('acc_0001')).toBe(30 * mib);
  expect(edge.settled.flatMap((batch) => batch.leases)).toEqual([]);
});

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

test.each([
  ['on disk', true],
  ['in memory', false],
])('a batch that the edge will never take is put aside %s, and the next ones go on', async (_where, onDisk) => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const path = await directory();
  edge.faults.push(409);
  const { usage, events, close } = await startUsage(server, edge.balances, onDisk ? { directory: path } : {});
  new Tunnel(usage).spender.record(10, 0);
  expect(await events.until('usage_parked')).toMatchObject({ seq: 1, status: 409 });
  await eventually(() => expect(usage.meter.standing(['acc_0001'])).toBe('spendable'));
  const tunnel = new Tunnel(usage);
  await tunnel.move(mib);
  tunnel.spender.end();
  await close();
  expect(edge.spent('acc_0001')).toBe(mib);
  expect(edge.complaints.splice(0).length).toBeGreaterThan(0);
  const kept = onDisk ? await readdir(join(path, 'outbox')) : [];
  expect(kept.filter((name) => name.endsWith('-1.parked'))).toHaveLength(onDisk ? 1 : 0);
  expect(kept.filter((name) => name.endsWith('.batch'))).toEqual([]);
});

test('with the edge away a tunnel spends its lease, then waits, then is cut; admission does not know', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const options = { tunnelWaitMs: 100, admissionWaitMs: 20 };
  const { usage, close } = await startUsage(server, new Map([...edge.balances, ['acc_0002', 0]]), options);
  const tunnel = new Tunnel(usage);
  await tunnel.move(kib);
  await eventually(() => expect(edge.held.get('acc_0001')).toBeGreaterThan(mib));
  await eventually(() => expect(usage.load().pendingBatches).toBe(0));
  await server.stop();
  const held = edge.held.get('acc_0001') ?? 0;
  await tunnel.move(100 * mib);
  expect(tunnel.dry).toBe('unanswered');
  expect(tunnel.moved).toBe(kib + held);
  expect(await usage.meter.whenKnown(['acc_0001'])).toBe('unknown');
  expect(usage.meter.standing(['acc_0002'])).toBe('balance_exhausted');
  await server.listen();
  await eventually(() => expect(edge.spent('acc_0001')).toBe(tunnel.moved));
  await eventually(() => expect(usage.meter.standing(['acc_0001'])).toBe('spendable'));
  await close();
  expect([edge.balances.get('acc_0001'), edge.held.get('acc_0001')]).toEqual([100 * mib - tunnel.moved, 0]);
});

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

test('a lease ends by the lease clock, counted from when it was first asked for; what is left goes back', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  let nowMs = 0;
  const options = { now: () => nowMs, tunnelWaitMs: Number.POSITIVE_INFINITY };
  edge.faults.push('lose');
  const { usage, events } = await startUsage(server, edge.balances, options);
  const tunnel = new Tunnel(usage);
  await tunnel.move(kib);
  await events.until('usage_unavailable');
  // The first reply was lost at 0; the second comes half an hour later by this clock.
  nowMs = edge.ttlMs / 2;
  await events.until('usage_posted');
  expect(tunnel.spender.take(mib)).toBe(mib);
  tunnel.spender.untake(mib);
  await server.stop();
  nowMs = edge.ttlMs - 1;
  expect(tunnel.spender.take(mib)).toBe(mib);
  tunnel.spender.untake(mib);
  nowMs = edge.ttlMs;
  const allowance = tunnel.spender.take(mib);
  expect(allowance).toBeLessThanOrEqual(openingAllowanceBytes);
  tunnel.spender.untake(allowance);
  tunnel.spender.end();
  await server.listen();
  await eventually(() =>
    expect(edge.settled.flatMap((batch) => batch.leases).some((line) => line.returned > mib)).toBe(true),
  );
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

test('many budgets at once are all leased although one batch holds a thousand lines', async () => {
  const accounts = Array.from({ length: 2300 }, (_, index) => `acc_${10_000 + index}`);
  const { edge, server } = await startSettlingEdge(Object.fromEntries(accounts.map((id) => [id, 10 * mib])));
  const { usage, close } = await startUsage(server, edge.balances);
  const tunnels = accounts.map((account) => new Tunnel(usage, { account, budgets: [account] }));
  await Promise.all(tunnels.map((tunnel) => tunnel.move(200 * kib)));
  for (const tunnel of tunnels) tunnel.spender.end();
  await close();
  expect(new Set(edge.balances.values())).toEqual(new Set([10 * mib - 200 * kib]));
  expect(new Set(edge.held.values())).toEqual(new Set([0]));
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

test('a budget nobody uses has its lease given back and is forgotten', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  let nowMs = 0;
  const { usage } = await startUsage(server, edge.balances, { now: () => nowMs, heartbeatMs: 10 });
  const tunnel = new Tunnel(usage);
  await tunnel.move(mib);
  await eventually(() => expect(edge.spent('acc_0001')).toBe(mib));
  tunnel.spender.end();
  await eventually(() => {
    nowMs += 1000;
    expect(edge.held.get('acc_0001')).toBe(0);
    expect(usage.load().budgets).toBe(0);
  });
});

test('a lease that nobody speaks of is given up beyond what the edge lets it keep when others run short', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  let nowMs = 0;
  const { usage } = await startUsage(server, edge.balances, { now: () => nowMs });
  const tunnel = new Tunnel(usage);
  await tunnel.move(kib);
  await eventually(() => expect(edge.held.get('acc_0001')).toBeGreaterThan(mib));
  edge.keep.set('acc_0001', 70_000);
  await eventually(() => {
    // Long before the lease is due to be renewed.
    nowMs = Math.min(nowMs + 1000, 60_000);
    const returned = edge.settled.flatMap((batch) => batch.leases.map((line) => line.returned));
    expect(Math.max(...returned)).toBe(4 * mib - 70_000);
  });
  tunnel.spender.end();
});

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'usage-'));
  open.push(() => rm(path, { recursive: true }));
  return path;
}

test('what could not be posted in time stays on disk, and the next boot posts it first, chained to its own', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const path = await directory();
  await server.stop();
  const first = await startUsage(server, edge.balances, { directory: path });
  const tunnel = new Tunnel(first.usage);
  await tunnel.move(40 * kib);
  tunnel.spender.end();
  await first.close(50);
  expect(await first.events.until('usage_unsent')).toMatchObject({ onDisk: true });
  await server.listen();
  const second = await startUsage(server, edge.balances, { directory: path });
  const next = new Tunnel(second.usage);
  await next.move(2 * mib);
  next.spender.end();
  await second.close();
  expect(edge.spent('acc_0001')).toBe(2 * mib + 40 * kib);
  expect(edge.held.get('acc_0001')).toBe(0);
  expect(new Set(edge.settled.map((batch) => batch.boot)).size).toBe(2);
  expect((await readdir(join(path, 'outbox'))).map((name) => name.split('.').at(-1))).toEqual(['done']);
});

test('without a disk it says how much was not posted', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  await server.stop();
  const { usage, events, close } = await startUsage(server, edge.balances);
  new Tunnel(usage).spender.record(10, 0);
  await close(50);
  const unsent = await events.until('usage_unsent');
  expect(unsent).toMatchObject({ onDisk: false });
  expect(unsent.batches).toBeGreaterThanOrEqual(1);
});

test('a disk that cannot be written to is reported, and nothing is lost while the process lives', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const path = await directory();
  const { usage, events, close } = await startUsage(server, edge.balances, { directory: path });
  // From now on there is no directory to write to, as root, too, would find it.
  await rm(join(path, 'outbox'), { recursive: true });
  await writeFile(join(path, 'outbox'), '');
  const tunnel = new Tunnel(usage);
  await tunnel.move(3 * mib);
  tunnel.spender.end();
  await close();
  expect((await events.until('outbox_fault')).code).toMatch(/^E/);
  expect([edge.balances.get('acc_0001'), edge.held.get('acc_0001')]).toEqual([97 * mib, 0]);
});

test('a damaged batch on disk is put aside and reported; the ones behind it are posted', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const path = await directory();
  await server.stop();
  const first = await startUsage(server, edge.balances, { directory: path });
  for (let sealed = 1; sealed <= 3; sealed += 1) {
    new Tunnel(first.usage).spender.record(sealed, 0);
    await eventually(() => expect(first.usage.load()).toMatchObject({ pendingBatches: sealed, unsealedBytes: 0 }));
  }
  await first.close(0);
  const outbox = join(path, 'outbox');
  const [, second] = (await readdir(outbox)).toSorted();
  const file = join(outbox, second ?? '');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"bytes_up":2', '"bytes_up":9'));
  await server.listen();
  const { events, close } = await startUsage(server, edge.balances, { directory: path });
  await close();
  expect(events.of('outbox_damaged')).toEqual([{ kind: 'outbox_damaged', name: second }]);
  expect(edge.spent('acc_0001')).toBe(4);
  expect(edge.complaints.splice(0).length).toBeGreaterThan(0);
});

test('whatever is spent, given back and lost on the way: the bill is what was recorded, leases all come back, and nobody spends 64 KiB beyond the credit', async () => {
  const fault = fc.constantFrom('lose' as const, 'drop' as const, 503, undefined);
  const step = fc.record({
    tunnel: fc.nat(5),
    bytes: fc.oneof(fc.nat(5000), fc.nat(3 * mib)),
    untaken: fc.constantFrom(0, 0, 0.5, 1),
    waits: fc.boolean(),
  });
  const credit = fc.oneof(fc.nat(200_000), fc.nat(20 * mib));
  const run = fc.record({
    credits: fc.tuple(credit, credit, credit),
    steps: fc.array(step, { minLength: 1, maxLength: 40 }),
    faults: fc.array(fault, { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ credits, steps, faults }) => {
      const [first, second, cap] = credits;
      const credited = { acc_0001: first, acc_0002: second, 'key_0003/day': cap };
      const { edge, server } = await startSettlingEdge(credited);
      edge.faults.push(...faults);
      const { usage, close } = await startUsage(server, new Map(edge.balances));
      const tunnels = [0, 1, 2, 3, 4, 5].map((index) => {
        const account = index % 2 === 0 ? 'acc_0001' : 'acc_0002';
        const credential = `key_000${index}`;
        return new Tunnel(usage, {
          account,
          credential,
          budgets: index === 3 ? [account, `${credential}/day`] : [account],
        });
      });
      const recorded = [0, 0, 0, 0, 0, 0];
      for (const { bytes, tunnel: index, untaken, waits } of steps) {
        const tunnel = tunnels[index];
        if (tunnel === undefined || tunnel.dry !== undefined) continue;
        const taken = tunnel.spender.take(bytes);
        const back = Math.floor(taken * untaken);
        tunnel.spender.untake(back);
        tunnel.spender.record(taken - back, 0);
        recorded[index] = (recorded[index] ?? 0) + taken - back;
        const atMost = waits ? 0 : Number.POSITIVE_INFINITY;
        await eventually(() => expect(usage.load().unsealedBytes).toBeLessThanOrEqual(atMost));
      }
      for (const tunnel of tunnels) tunnel.spender.end();
      await close();
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = recorded;
      expect(Object.fromEntries(edge.balances)).toEqual({
        acc_0001: first - a - c - e,
        acc_0002: second - b - d - f,
        'key_0003/day': cap - d,
      });
      expect([...edge.held.values()].every((bytes) => bytes === 0)).toBe(true);
      for (const left of edge.balances.values()) expect(left).toBeGreaterThanOrEqual(-openingAllowanceBytes);
      expect(edge.complaints).toEqual([]);
      await server.stop();
    }),
    { numRuns: 20 },
  );
});
