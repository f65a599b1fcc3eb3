import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { makeProxyKey } from '@marvel/shared/key-format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { pattern, Received, writePattern } from '../test-support/pattern.ts';
import { echoes, opensThen, ScriptedExit } from '../test-support/scripted-exit.ts';
import { account, credential, destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire } from '../test-support/wire.ts';

let gateway: TestGateway;
let exit: ScriptedExit;
beforeEach(async () => {
  gateway = await TestGateway.start();
  exit = await ScriptedExit.start(echoes);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

describe('a tunnel', () => {
  test('opens with the exit named, carries bytes both ways and counts each once', async () => {
    gateway.addExit(exit.port);
    const { wire, answer } = await gateway.connect();
    expect(answer.statusLine).toBe('HTTP/1.1 200 Connection established');
    const requestId = answer.fields.get('x-marvel-request-id');
    expect(requestId).toMatch(/^[0-9a-f]{32}$/);
    expect(Object.fromEntries(answer.fields)).toEqual({
      'x-marvel-request-id': requestId,
      'x-marvel-exit-id': 'ext_0001',
      'x-marvel-exit-ip': '198.51.100.7',
      'x-marvel-exit-country': 'US',
      'x-marvel-exit-asn': '64500',
      'x-marvel-exit-purity': '95',
      'x-marvel-exit-grade': 'S',
    });
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
    wire.finish();
    expect(await wire.ended).toBe('fin');
    await eventually(() => {
      expect(gateway.tunnels).toHaveLength(1);
    });
    expect(gateway.tunnels[0]).toMatchObject({
      requestId,
      account,
      credential,
      clientIp: '127.0.0.1',
      destination: { host: 'example.com', port: 443 },
      exit: 'ext_0001',
      bytesUp: 5,
      bytesDown: 5,
      end: 'completed',
    });
    const [spender] = gateway.meter.spenders;
    expect(spender?.spending).toEqual({
      account,
      credential,
      budgets: [account],
      exit: 'ext_0001',
      country: 'US',
      network: 'residential',
      dialect: 'marvel',
    });
    expect(spender).toMatchObject({ bytesUp: 5, bytesDown: 5, takenBytes: 10, untakenBytes: 0, ends: 1 });
    expect(gateway.meter.dials).toEqual([{ exit: 'ext_0001', succeeded: true }]);
  });

  test('keeps in order what is glued to the heads of client and exit', async () => {
    exit.script = (socket, _head, rest) => {
      socket.write('HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nbanner');
      if (rest.length > 0) socket.write(rest);
      socket.pipe(socket);
    };
    gateway.addExit(exit.port);
    const wire = await Wire.open(gateway.address);
    wire.send(`${connectRequest(destination, { key: gateway.key })}early`);
    expect((await wire.answer()).status).toBe(200);
    wire.send(' and later');
    expect((await wire.bytes('bannerearly and later'.length)).toString()).toBe('bannerearly and later');
    wire.finish();
    await eventually(() => {
      expect(gateway.tunnels[0]).toMatchObject({ bytesUp: 15, bytesDown: 21, end: 'completed' });
    });
  });

  test('takes what the client sends while its exit is dialled, in any amount', async () => {
    let open: (() => void) | undefined;
    exit.script = (socket) => {
      open = () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(socket);
      };
    };
    gateway.addExit(exit.port);
    const wire = await Wire.open(gateway.address);
    wire.send(connectRequest(destination, { key: gateway.key }));
    const total = 2_000_000;
    const wrote = writePattern(wire.socket, total);
    await eventually(() => {
      expect(exit.heads).toHaveLength(1);
    });
    open?.();
    expect((await wire.answer()).status).toBe(200);
    const echoed = new Received(wire.socket);
    expect(await wrote).toBe(total);
    wire.finish();
    await eventually(() => {
      expect(echoed).toMatchObject({ bytes: total, brokenAt: -1, hasEnded: true });
      expect(gateway.tunnels[0]).toMatchObject({ bytesUp: total, bytesDown: total, end: 'completed' });
    });
  });

  test('of a test key never bills', async () => {
    gateway.addExit(exit.port);
    const key = makeProxyKey('test', randomBytes);
    gateway.fleet.addKey(key, { id: 'key_0003', account, test: true, limits: { bytes_total: 1 } });
    gateway.meter.standingNow = 'balance_exhausted';
    expect((await gateway.connect({ key })).answer.status).toBe(200);
    expect(gateway.meter.spenders).toEqual([]);
  });

  test('of a key with caps spends from each of its budgets', async () => {
    gateway.addExit(exit.port);
    gateway.limit({ bytes_per_day: 1, bytes_per_month: 1, bytes_total: 1 });
    await gateway.open();
    expect(gateway.meter.spenders[0]?.spending.budgets).toEqual([
      account,
      `${credential}/day`,
      `${credential}/month`,
      `${credential}/total`,
    ]);
  });

  test('waits for the edge when its budget is not known', async () => {
    gateway.addExit(exit.port);
    const known = Promise.withResolvers<'spendable' | 'unknown' | 'balance_exhausted'>();
    gateway.meter.standingNow = 'unknown';
    gateway.meter.known = known.promise;
    const asked = Promise.all([gateway.connect(), gateway.connect({ fields: 'X-A: 1\r\n' })]);
    known.resolve('spendable');
    expect((await asked).map(({ answer }) => answer.status)).toEqual([200, 200]);
    gateway.meter.known = Promise.resolve('balance_exhausted');
    expect((await gateway.connect()).answer.status).toBe(402);
    gateway.meter.known = Promise.resolve('unknown');
    const { answer } = await gateway.connect();
    expect([answer.status, answer.fields.get('x-marvel-error')]).toEqual([503, 'stale_state']);
  });
});

test('a destination that half-closes has its whole answer delivered', async () => {
  exit.script = opensThen((socket) => {
    socket.end(pattern(0, 300_000));
    socket.resume();
  });
  gateway.addExit(exit.port);
  const wire = await gateway.open();
  const down = new Received(wire.socket);
  await once(wire.socket, 'end');
  expect(down).toMatchObject({ bytes: 300_000, brokenAt: -1 });
  wire.send('and the client may still speak');
  wire.finish();
  await eventually(() => {
    expect(gateway.tunnels[0]).toMatchObject({ bytesUp: 30, bytesDown: 300_000, end: 'completed' });
  });
});
