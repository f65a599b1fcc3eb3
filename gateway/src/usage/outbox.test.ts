import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../../test-support/event-log.ts';
import { kib, mib, startSettlingEdge, startUsage, Tunnel } from '../../test-support/usage-harness.ts';
import { temporaryDirectory } from '../../test-support/temporary-directory.ts';

test.each([
  ['on disk', true],
  ['in memory', false],
])('a batch that the edge will never take is put aside %s, and the next ones go on', async (_where, onDisk) => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const path = await temporaryDirectory();
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

test('what could not be posted in time stays on disk, and the next boot posts it first, chained to its own', async () => {
  const { edge, server } = await startSettlingEdge({ acc_0001: 100 * mib });
  const path = await temporaryDirectory();
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
  const path = await temporaryDirectory();
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
  const path = await temporaryDirectory();
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
