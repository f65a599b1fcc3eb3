import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../test-support/event-log.ts';
import { pattern, Received, writePattern } from '../../test-support/pattern.ts';
import { installReading, readingModes, TunnelBench } from '../../test-support/tunnel-bench.ts';

const times = { idleTimeoutMs: 1000, halfCloseTimeoutMs: 1000, keepAliveMs: 60_000 };
const megabyte = 1_000_000;

test('this Node can read accepted sockets into buffers', () => {
  expect(installReading).toBeDefined();
});

describe.each(readingModes)('a tunnel that reads by %s', (mode) => {
  test('relays both ways at once, in order, and counts to the byte', async () => {
    using bench = await TunnelBench.open(mode);
    const [up, down] = [new Received(bench.origin), new Received(bench.client)];
    bench.start();
    const wrote = Promise.all([writePattern(bench.client, 9 * megabyte), writePattern(bench.origin, 11 * megabyte)]);
    expect(await wrote).toEqual([9 * megabyte, 11 * megabyte]);
    bench.client.end();
    bench.origin.end();
    expect(await bench.ended()).toEqual({ reason: 'completed', bytesUp: 9 * megabyte, bytesDown: 11 * megabyte });
    await eventually(() => {
      expect(up).toMatchObject({ bytes: 9 * megabyte, brokenAt: -1, hasEnded: true });
      expect(down).toMatchObject({ bytes: 11 * megabyte, brokenAt: -1, hasEnded: true });
    });
  });

  test('relays many small writes without losing one', async () => {
    using bench = await TunnelBench.open(mode);
    const up = new Received(bench.origin);
    bench.start();
    await writePattern(bench.client, 40_000, 37);
    bench.client.end();
    await eventually(() => {
      expect(up).toMatchObject({ bytes: 40_000, brokenAt: -1, hasEnded: true });
    });
    bench.origin.end();
    expect(await bench.ended()).toEqual({ reason: 'completed', bytesUp: 40_000, bytesDown: 0 });
  });

  test('counts what came glued to the head of either side', async () => {
    using bench = await TunnelBench.open(mode);
    const [up, down] = [new Received(bench.origin), new Received(bench.client)];
    bench.start(pattern(0, 70_000), pattern(0, 50_000));
    bench.client.write(pattern(70_000, 70_100));
    bench.origin.write(pattern(50_000, 50_200));
    await eventually(() => {
      expect([up.bytes, down.bytes]).toEqual([70_100, 50_200]);
    });
    expect([up.brokenAt, down.brokenAt]).toEqual([-1, -1]);
    bench.client.end();
    bench.origin.end();
    expect(await bench.ended()).toEqual({ reason: 'completed', bytesUp: 70_100, bytesDown: 50_200 });
  });

  test('passes the end of the client on and still brings the answer', async () => {
    using bench = await TunnelBench.open(mode);
    const [up, down] = [new Received(bench.origin), new Received(bench.client)];
    bench.start();
    bench.client.end(pattern(0, 1000));
    await eventually(() => {
      expect(up).toMatchObject({ bytes: 1000, hasEnded: true });
    });
    expect(await writePattern(bench.origin, 3 * megabyte)).toBe(3 * megabyte);
    bench.origin.end();
    expect(await bench.ended()).toEqual({ reason: 'completed', bytesUp: 1000, bytesDown: 3 * megabyte });
    await eventually(() => {
      expect(down).toMatchObject({ bytes: 3 * megabyte, brokenAt: -1, hasEnded: true });
    });
  });

  test('passes the end of the origin on and still takes what the client sends', async () => {
    using bench = await TunnelBench.open(mode);
    const [up, down] = [new Received(bench.origin), new Received(bench.client)];
    bench.start();
    bench.origin.end(pattern(0, 1000));
    await eventually(() => {
      expect(down).toMatchObject({ bytes: 1000, hasEnded: true });
    });
    expect(await writePattern(bench.client, 3 * megabyte)).toBe(3 * megabyte);
    bench.client.end();
    expect(await bench.ended()).toEqual({ reason: 'completed', bytesUp: 3 * megabyte, bytesDown: 1000 });
    await eventually(() => {
      expect(up).toMatchObject({ bytes: 3 * megabyte, brokenAt: -1, hasEnded: true });
    });
  });

  test('ends when nothing was said at all', async () => {
    using bench = await TunnelBench.open(mode);
    bench.start();
    bench.client.resume().end();
    bench.origin.resume().end();
    expect(await bench.ended()).toEqual({ reason: 'completed', bytesUp: 0, bytesDown: 0 });
  });

  test('is cut when it stays half closed for too long', async () => {
    using bench = await TunnelBench.open(mode);
    bench.start();
    bench.client.end();
    bench.origin.resume();
    await once(bench.origin, 'end');
    bench.tunnel.sweep(performance.now(), times);
    expect(bench.end).toBeUndefined();
    bench.tunnel.sweep(performance.now() + times.halfCloseTimeoutMs, times);
    expect((await bench.ended()).reason).toBe('half_close_timeout');
  });

  test.each([
    ['client', 'origin', 'client_lost'],
    ['origin', 'client', 'exit_lost'],
  ] as const)(
    'ends at the next look at the latest when the %s has ended and then resets, however quiet the %s',
    async (who, other, reason) => {
      using bench = await TunnelBench.open(mode);
      const received = new Received(bench[other]);
      bench.start();
      bench[who].end(pattern(0, 1000));
      await eventually(() => {
        expect(received).toMatchObject({ bytes: 1000, hasEnded: true });
      });
      bench.tunnel.sweep(performance.now(), times);
      bench[who].resetAndDestroy();
      await once(bench[who], 'close');
      bench.tunnel.sweep(performance.now(), times);
      expect((await bench.ended()).reason).toBe(reason);
    },
  );

  test('ends when its client resets while the origin takes nothing, once it had the time of a half-closed one for what is under way', async () => {
    using bench = await TunnelBench.open(mode);
    bench.origin.pause();
    bench.start();
    const wrote = writePattern(bench.client, 64 * megabyte);
    await settled(() => bench.tunnel.bytesUp);
    bench.client.resetAndDestroy();
    await wrote;
    const nowMs = Math.round(performance.now());
    const lasting = { ...times, idleTimeoutMs: 600_000 };
    bench.tunnel.sweep(nowMs, lasting);
    bench.tunnel.sweep(nowMs + times.halfCloseTimeoutMs - 1, lasting);
    await new Promise(setImmediate);
    expect(bench.end).toBeUndefined();
    bench.tunnel.sweep(nowMs + times.halfCloseTimeoutMs, lasting);
    expect((await bench.ended()).reason).toBe('client_lost');
  });

  test.each([100, 40_000])(
    'counts nothing of %i bytes that come in the moment in which the exit is lost',
    async (bytes) => {
      using bench = await TunnelBench.open(mode);
      bench.start();
      // Both come before either is looked at.
      bench.origin.resetAndDestroy();
      bench.client.write(pattern(0, bytes));
      expect(await bench.ended()).toEqual({ reason: 'exit_lost', bytesUp: 0, bytesDown: 0 });
    },
  );

  test('is cut when it is quiet for too long, and not before', async () => {
    using bench = await TunnelBench.open(mode);
    const up = new Received(bench.origin);
    bench.start();
    // Whole: a sum of fractions is not always what it adds up to.
    const nowMs = Math.round(performance.now());
    bench.tunnel.sweep(nowMs, times);
    bench.client.write('a');
    await eventually(() => {
      expect(up.bytes).toBe(1);
    });
    bench.tunnel.sweep(nowMs + 1000, times);
    bench.tunnel.sweep(nowMs + 1999, times);
    expect(bench.end).toBeUndefined();
    bench.tunnel.sweep(nowMs + 2000, times);
    expect((await bench.ended()).reason).toBe('idle_timeout');
  });

  test('stops reading the origin while the client does not read, holds little, and loses nothing', async () => {
    using bench = await TunnelBench.open(mode);
    bench.start();
    bench.client.pause();
    const total = 64 * megabyte;
    const wrote = writePattern(bench.origin, total);
    // Whatever the kernel and the tunnel can hold is full when no more is accepted for a while.
    const held = await settled(() => bench.tunnel.bytesDown);
    expect(held).toBeLessThan(total / 2);
    const { takenBytes, untakenBytes } = bench.spender;
    expect(takenBytes - untakenBytes - held).toBeLessThanOrEqual(262_144);
    const down = new Received(bench.client);
    bench.client.resume();
    expect(await wrote).toBe(total);
    bench.origin.end();
    bench.client.end();
    expect(await bench.ended()).toEqual({ reason: 'completed', bytesUp: 0, bytesDown: total });
    await eventually(() => {
      expect(down).toMatchObject({ bytes: total, brokenAt: -1 });
    });
  });

  test('forwards only what it may take, holds the rest, and goes on where it stopped', async () => {
    using bench = await TunnelBench.open(mode);
    bench.meter.purseBytes = 100_001;
    const [up, down] = [new Received(bench.origin), new Received(bench.client)];
    bench.start();
    const wrote = Promise.all([writePattern(bench.client, megabyte), writePattern(bench.origin, megabyte)]);
    await eventually(() => {
      expect(up.bytes + down.bytes).toBe(100_001);
    });
    for (let granted = 0; granted < 2 * megabyte; granted += 54_321) {
      bench.meter.grant(54_321);
      await eventually(() => {
        expect(bench.meter.purseBytes === 0 || up.bytes + down.bytes === 2 * megabyte).toBe(true);
      });
    }
    expect(await wrote).toEqual([megabyte, megabyte]);
    bench.client.end();
    bench.origin.end();
    expect(await bench.ended()).toEqual({ reason: 'completed', bytesUp: megabyte, bytesDown: megabyte });
    await eventually(() => {
      expect([up, down]).toMatchObject([
        { bytes: megabyte, brokenAt: -1, hasEnded: true },
        { bytes: megabyte, brokenAt: -1, hasEnded: true },
      ]);
    });
  });

  test('keeps the end of a side back until what is held before it may go', async () => {
    using bench = await TunnelBench.open(mode);
    bench.meter.purseBytes = 0;
    const up = new Received(bench.origin);
    bench.start();
    bench.client.end(pattern(0, 5000));
    await eventually(() => {
      expect(bench.spender.refusedBytes).toBe(5000);
    });
    expect(up).toMatchObject({ bytes: 0, hasEnded: false });
    bench.meter.grant(5000);
    await eventually(() => {
      expect(up).toMatchObject({ bytes: 5000, brokenAt: -1, hasEnded: true });
    });
    bench.origin.end();
    expect(await bench.ended()).toEqual({ reason: 'completed', bytesUp: 5000, bytesDown: 0 });
  });

  test('cuts both sides when its budget is dry, having forwarded just what it could take', async () => {
    using bench = await TunnelBench.open(mode);
    bench.meter.purseBytes = 70_000;
    const [up, down] = [new Received(bench.origin), new Received(bench.client)];
    bench.start();
    const wrote = writePattern(bench.origin, megabyte);
    await eventually(() => {
      expect(down.bytes).toBe(70_000);
    });
    bench.spender.events.onDry('dry');
    expect(await bench.ended()).toEqual({ reason: 'budget_dry', bytesUp: 0, bytesDown: 70_000 });
    await eventually(() => {
      expect([up.isOver, down.isOver]).toEqual([true, true]);
    });
    await wrote;
    expect([up.bytes, down.bytes]).toEqual([0, 70_000]);
  });

  test.each(['client', 'origin'] as const)(
    'ends when the %s resets, counting at least what the other saw',
    async (who) => {
      using bench = await TunnelBench.open(mode);
      const [up, down] = [new Received(bench.origin), new Received(bench.client)];
      bench.start();
      const wrote = Promise.all([
        writePattern(bench.client, 200 * megabyte).catch(() => 0),
        writePattern(bench.origin, 200 * megabyte).catch(() => 0),
      ]);
      await eventually(() => {
        expect(Math.min(up.bytes, down.bytes)).toBeGreaterThan(megabyte);
      });
      bench[who].resetAndDestroy();
      const end = await bench.ended();
      expect(end.reason).toBe(who === 'client' ? 'client_lost' : 'exit_lost');
      bench.client.destroy();
      bench.origin.destroy();
      await wrote;
      expect(end.bytesUp).toBeGreaterThanOrEqual(up.bytes);
      expect(end.bytesDown).toBeGreaterThanOrEqual(down.bytes);
      expect(end.bytesUp - up.bytes).toBeLessThan(kernelBytes);
      expect(end.bytesDown - down.bytes).toBeLessThan(kernelBytes);
    },
  );

  test('counts exactly what the kernel took when it is cut in the middle of a write', async () => {
    using bench = await TunnelBench.open(mode);
    bench.start();
    bench.client.pause();
    const wrote = writePattern(bench.origin, 64 * megabyte);
    await settled(() => bench.tunnel.bytesDown);
    bench.tunnel.cut('shutdown');
    const end = await bench.ended();
    expect(bench.spender.untakenBytes).toBeGreaterThan(0);
    // What the kernel took it delivers, even now.
    const down = new Received(bench.client);
    bench.client.resume();
    await eventually(() => {
      expect(down.hasEnded).toBe(true);
    });
    expect(down).toMatchObject({ bytes: end.bytesDown, brokenAt: -1 });
    await wrote;
  });

  test('reads nothing more while what came before it stood may not go on', async () => {
    using bench = await TunnelBench.open(mode);
    bench.meter.purseBytes = 0;
    const up = new Received(bench.origin);
    bench.start(pattern(0, 1000));
    const wrote = writePattern(bench.client, megabyte, 100_003, 1000);
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    expect(bench.spender.refusedBytes).toBe(1000);
    bench.meter.grant(2 * megabyte);
    expect(await wrote).toBe(megabyte);
    await eventually(() => {
      expect(up).toMatchObject({ bytes: megabyte, brokenAt: -1 });
    });
  });
});

/** More than the send and receive buffers of a connection over loopback hold. Source: tcp_wmem and tcp_rmem, 4 MB and 32 MB at most. */
const kernelBytes = 40 * megabyte;

/** A number once it has been the same for a good while. */
async function settled(read: () => number): Promise<number> {
  let last = -1;
  let same = 0;
  await eventually(() => {
    const value = read();
    same = value === last ? same + 1 : 0;
    last = value;
    if (same < 50 || value === 0) throw new Error('still moving');
  });
  return last;
}
