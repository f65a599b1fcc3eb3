import { openingAllowanceBytes } from '@marvel/shared/lease';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventually } from '../../test-support/event-log.ts';
import { kib, mib, startSettlingEdge, startUsage, Tunnel } from '../../test-support/usage-harness.ts';

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
  new Tunnel(usage).spender.cancel();
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

test('a spender that has ended holds once more for the next request, as long as what it stood on is not reported', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const { usage, close } = await startUsage(server, edge.balances, { postIntervalMs: 60_000 });
  const first = new Tunnel(usage);
  expect(first.spender.again()).toBe(false);
  first.spender.take(100);
  first.spender.record(10, 20);
  first.spender.end();
  expect(first.spender.take(1)).toBe(0);
  expect(first.spender.again()).toBe(true);
  first.spender.take(7);
  first.spender.record(3, 4);
  // What the first request had taken and not used was given back, and is not given back again.
  first.spender.end();
  const second = new Tunnel(usage);
  second.spender.end();
  await close();
  expect(second.spender.again()).toBe(false);
  const records = edge.settled.flatMap((batch) => batch.records);
  expect(records.reduce((sum, record) => sum + record.connections, 0)).toBe(3);
  expect(edge.balances.get('acc_0001')).toBe(100 * mib - 37);
  expect([...edge.held.values()]).toEqual([0]);
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

test('with others running short, the edge asks for a lease that nobody speaks of, and all but what may be kept is given back', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const { usage, close } = await startUsage(server, edge.balances, { heartbeatMs: 20 });
  const tunnel = new Tunnel(usage);
  await tunnel.move(kib);
  await eventually(() => expect(edge.held.get('acc_0001')).toBeGreaterThan(mib));
  edge.keep.set('acc_0001', 70_000);
  const returned = () => edge.settled.flatMap((batch) => batch.leases.map((line) => line.returned));
  await eventually(() => expect(Math.max(...returned())).toBe(4 * mib - 70_000));
  await tunnel.move(mib);
  tunnel.spender.end();
  await close();
  expect([edge.balances.get('acc_0001'), edge.held.get('acc_0001')]).toEqual([99 * mib - kib, 0]);
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
    recalled: fc.subarray(['acc_0001', 'acc_0002', 'key_0003/day']),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ credits, steps, faults, recalled }) => {
      const [first, second, cap] = credits;
      const credited = { acc_0001: first, acc_0002: second, 'key_0003/day': cap };
      const { edge, server } = await startSettlingEdge(credited);
      edge.faults.push(...faults);
      for (const budget of recalled) edge.keep.set(budget, 1000);
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
