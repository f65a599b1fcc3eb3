import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { expectRefusal } from '../test-support/expect-refusal.ts';
import { keepAliveTimer, kernelSocket } from '../test-support/kernel-socket.ts';
import { pattern, Received, writePattern } from '../test-support/pattern.ts';
import { echoes, opensThen, ScriptedExit } from '../test-support/scripted-exit.ts';
import { account, destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire } from '../test-support/wire.ts';

async function scrape(gateway: TestGateway, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://${gateway.gateway.addresses.admin}${path}`);
  return { status: response.status, text: await response.text() };
}

test('a gateway says which sockets it is on', async () => {
  await using gateway = await TestGateway.start();
  const kind = process.env['MARVEL_TEST_SOCKETS'] ?? 'native';
  expect(gateway.notes).toContainEqual({ event: 'sockets', details: { kind, fault: undefined } });
});

describe('the admin listener', () => {
  test('says that the process lives, and whether it should be sent work', async () => {
    await using gateway = await TestGateway.start();
    expect(await scrape(gateway, '/healthz')).toEqual({ status: 200, text: 'ok\n' });
    expect(await scrape(gateway, '/readyz')).toEqual({ status: 200, text: 'ready\n' });
    gateway.fleet.stale = true;
    expect(await scrape(gateway, '/readyz')).toEqual({ status: 503, text: 'feed stale\n' });
    gateway.fleet.isReady = false;
    expect(await scrape(gateway, '/readyz?now')).toEqual({ status: 503, text: 'feed incomplete\n' });
    expect((await scrape(gateway, '/healthz')).status).toBe(200);
    expect((await scrape(gateway, '/')).status).toBe(404);
    const posted = await fetch(`http://${gateway.gateway.addresses.admin}/healthz`, { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('counts tunnels, bytes, dials and refusals, those under way included', async () => {
    await using gateway = await TestGateway.start();
    await using exit = await ScriptedExit.start(echoes);
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    wire.send('hello');
    await wire.bytes(5);
    await gateway.connect({ target: 'nonsense' });
    const { text } = await scrape(gateway, '/metrics');
    const lines = text.split('\n');
    expect(lines).toContain('marvel_gateway_tunnels 1');
    expect(lines).toContain('marvel_gateway_relayed_bytes_total{direction="up"} 5');
    expect(lines).toContain('marvel_gateway_relayed_bytes_total{direction="down"} 5');
    expect(lines).toContain('marvel_gateway_dials_total{outcome="success"} 1');
    expect(text).toMatch(/marvel_gateway_refusals_total\{[^}]*code="target_malformed"[^}]*\} 1\n/);
    expect(text).toMatch(/process_cpu_user_seconds_total [0-9.]+\n/);
    wire.finish();
    await eventually(async () => {
      expect((await scrape(gateway, '/metrics')).text).toMatch(
        /marvel_gateway_tunnels_ended_total\{[^}]*end="completed"[^}]*\} 1\n/,
      );
    });
    expect((await scrape(gateway, '/metrics')).text).toContain(
      'marvel_gateway_relayed_bytes_total{direction="up"} 5\n',
    );
  });
});

describe('a stopping gateway', () => {
  test('accepts nobody, lets the tunnels end, and is done when the last one has', async () => {
    await using gateway = await TestGateway.start();
    await using exit = await ScriptedExit.start(echoes);
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    const idle = await Wire.open(gateway.address);
    const half = await Wire.open(gateway.address);
    half.send('CONNECT ');
    await eventually(async () => {
      expect((await scrape(gateway, '/metrics')).text).toContain('marvel_gateway_connections 3\n');
    });
    const closed = gateway.gateway.close();
    await idle.ended;
    expect((await scrape(gateway, '/readyz')).text).toBe('draining\n');
    const late = connect(Number(gateway.address.split(':')[1]), '127.0.0.1');
    expect(await once(late, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
    half.send(connectRequest(destination, { key: gateway.key }).slice('CONNECT '.length));
    expectRefusal(await half.answer(), 'draining');
    wire.send('still here');
    expect((await wire.bytes(10)).toString()).toBe('still here');
    expect(gateway.tunnels).toEqual([]);
    wire.finish();
    await closed;
    expect(gateway.tunnels).toMatchObject([{ end: 'completed', bytesUp: 10, bytesDown: 10 }]);
  });

  test('cuts what has not ended in time', async () => {
    await using gateway = await TestGateway.start({ MARVEL_DRAIN_TIMEOUT_MS: '50' });
    await using exit = await ScriptedExit.start(echoes);
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    await gateway.gateway.close();
    expect(gateway.tunnels).toMatchObject([{ end: 'shutdown' }]);
    await wire.ended;
  });
});

describe('a full gateway', () => {
  test('refuses in order, and serves again when a tunnel has ended', async () => {
    await using gateway = await TestGateway.start({ MARVEL_MAX_TUNNELS: '1' });
    await using exit = await ScriptedExit.start(echoes);
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    gateway.meter.spenders.length = 0;
    const { answer } = await gateway.connect();
    expectRefusal(answer, 'overloaded');
    expect(answer.fields.get('retry-after')).toBe('1');
    expect((await gateway.connect({ target: 'x' })).answer.status).toBe(400);
    wire.close();
    await eventually(async () => {
      expect((await gateway.connect()).answer.status).toBe(200);
    });
  });

  test('tells connections beyond what it can hold so, without waiting for a request', async () => {
    await using gateway = await TestGateway.start({ MARVEL_MAX_TUNNELS: '1' });
    const held = await Promise.all(Array.from({ length: 65 }, () => Wire.open(gateway.address)));
    const one = await Wire.open(gateway.address);
    expectRefusal(await one.answer(), 'overloaded');
    expect(await one.ended).toBe('fin');
    for (const wire of held) wire.close();
    await eventually(async () => {
      const again = await Wire.open(gateway.address);
      again.send(connectRequest(destination));
      expect((await again.answer()).status).toBe(407);
    });
  });
});

describe('what takes too long is ended:', () => {
  test('a head that comes in drops, with 400', async () => {
    await using gateway = await TestGateway.start({ MARVEL_HEAD_TIMEOUT_MS: '300' });
    const wire = await Wire.open(gateway.address);
    wire.send('CONNECT example');
    // Each drop comes long before the time is up, and all of them together would take minutes.
    wire.drip('x');
    expectRefusal(await wire.answer(), 'bad_request');
    expect(await wire.ended).toBe('fin');
  });

  test('a connection on which nothing is said, without a word', async () => {
    await using gateway = await TestGateway.start({ MARVEL_HEAD_TIMEOUT_MS: '100' });
    const wire = await Wire.open(gateway.address);
    expect(await wire.drain()).toEqual({ bytes: 0, end: 'fin' });
    expect(gateway.refusals).toEqual([]);
  });

  test('a dial into a black hole, early enough for another exit', async () => {
    await using gateway = await TestGateway.start({ MARVEL_DIAL_TIMEOUT_MS: '1500' });
    await using hole = await ScriptedExit.start(() => {});
    await using exit = await ScriptedExit.start(echoes);
    gateway.addExit(hole.port, { grade: 'S' });
    gateway.addExit(exit.port, { grade: 'A' });
    expect((await gateway.connect()).answer.fields.get('x-marvel-exit-id')).toBe('ext_0002');
    expect(gateway.meter.dials).toMatchObject([{ succeeded: false }, { succeeded: true }]);
    await eventually(() => {
      expect([...hole.sockets].every((socket) => socket.readableEnded || socket.closed)).toBe(true);
    });
  });

  test('a dial of black holes only, of which it tries three at most', async () => {
    await using gateway = await TestGateway.start({ MARVEL_DIAL_TIMEOUT_MS: '200' });
    await using hole = await ScriptedExit.start(() => {});
    for (let index = 0; index < 5; index += 1) gateway.addExit(hole.port);
    expectRefusal((await gateway.connect()).answer, 'gateway_error');
    expect(hole.heads.length).toBeLessThanOrEqual(3);
  });

  test('a tunnel on which nothing moves', async () => {
    await using gateway = await TestGateway.start({ MARVEL_IDLE_TIMEOUT_MS: '100' });
    await using exit = await ScriptedExit.start(echoes);
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    await wire.ended;
    expect(gateway.tunnels).toMatchObject([{ end: 'idle_timeout' }]);
  });

  test('a tunnel that stays half closed', async () => {
    await using gateway = await TestGateway.start({ MARVEL_HALF_CLOSE_TIMEOUT_MS: '100' });
    await using exit = await ScriptedExit.start(opensThen((socket) => socket.resume()));
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    wire.finish();
    await wire.ended;
    expect(gateway.tunnels).toMatchObject([{ end: 'half_close_timeout' }]);
  });
});

test('both sides of a tunnel are looked after by TCP once they have been silent for a minute', async () => {
  // Tunnels are swept as often as the shortest of their times asks for.
  await using gateway = await TestGateway.start({ MARVEL_HALF_CLOSE_TIMEOUT_MS: '100' });
  await using exit = await ScriptedExit.start(echoes);
  gateway.addExit(exit.port);
  const wire = await gateway.open();
  wire.send('hello');
  await wire.bytes(5);
  const [far] = exit.sockets;
  await eventually(() => {
    for (const side of [
      kernelSocket(wire.socket.remotePort, wire.socket.localPort),
      kernelSocket(far?.remotePort, exit.port),
    ]) {
      expect(side.timer).toBe(keepAliveTimer);
      // What is left of the minute, of which a test may have used some seconds.
      expect(side.timerMs).toBeGreaterThan(40_000);
      expect(side.timerMs).toBeLessThan(61_000);
    }
  });
  wire.close();
});

test('a thousand tunnels churn through, and nothing of them is left', async () => {
  await using gateway = await TestGateway.start();
  await using exit = await ScriptedExit.start(echoes);
  gateway.addExit(exit.port);
  gateway.fleet.accounts.set(account, { id: account, status: 'active', balance_bytes: 1, threads: 50 });
  const leave = [
    (wire: Wire) => wire.finish(),
    (wire: Wire) => wire.close(),
    (wire: Wire) => wire.socket.resetAndDestroy(),
  ];
  const churn = async (worker: number): Promise<void> => {
    for (let round = 0; round < 40; round += 1) {
      const wire = await gateway.open();
      wire.send(pattern(0, 1000));
      await wire.bytes(1000);
      leave[(worker + round) % leave.length]?.(wire);
      wire.socket.resume();
      await wire.closed;
    }
  };
  await Promise.all(
    Array.from({ length: 25 }, (_, worker) =>
      Promise.race([churn(worker), once(AbortSignal.timeout(20_000), 'abort')]),
    ),
  );
  await eventually(async () => {
    const { text } = await scrape(gateway, '/metrics');
    expect(text).toContain('marvel_gateway_tunnels 0\n');
    expect(text).toContain('marvel_gateway_connections 0\n');
    expect(exit.sockets.size).toBe(0);
  });
  expect(gateway.tunnels).toHaveLength(1000);
  for (const { ends, takenBytes, untakenBytes, bytesUp, bytesDown } of gateway.meter.spenders) {
    expect([ends, takenBytes - untakenBytes]).toEqual([1, bytesUp + bytesDown]);
  }
});

test('the memory of slow readers is bounded by what one read of each holds', async () => {
  await using gateway = await TestGateway.start();
  const sending: Promise<number>[] = [];
  await using exit = await ScriptedExit.start(
    opensThen((socket) => {
      socket.resume();
      sending.push(writePattern(socket, 30_000_000));
    }),
  );
  gateway.addExit(exit.port);
  const wires = await Promise.all(Array.from({ length: 20 }, () => gateway.open()));
  for (const wire of wires) wire.socket.pause();
  // Taken from the budgets, and not accepted by the client's kernel: that is what the gateway holds, in memory or in a pipe.
  const held = (): number[] =>
    gateway.meter.spenders.map(({ takenBytes, untakenBytes, bytesDown }) => takenBytes - untakenBytes - bytesDown);
  await eventually(() => {
    expect(held().every((bytes) => bytes > 0)).toBe(true);
  });
  expect(Math.max(...held())).toBeLessThanOrEqual(262_144);
  const received = wires.map((wire) => new Received(wire.socket));
  for (const wire of wires) wire.socket.resume();
  expect(await Promise.all(sending)).toEqual(wires.map(() => 30_000_000));
  await eventually(() => {
    expect(received.every(({ bytes, brokenAt }) => bytes === 30_000_000 && brokenAt === -1)).toBe(true);
  });
  for (const wire of wires) wire.close();
});
