import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectRefusal } from '../test-support/expect-refusal.ts';
import { eventually } from '../test-support/event-log.ts';
import { answers, echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { account, destination, TestGateway } from '../test-support/test-gateway.ts';
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

describe('a dial', () => {
  test('shows the agent its token and the request id, and asks for the destination as it is', async () => {
    gateway.addExit(exit.port);
    const { answer } = await gateway.connect({
      to: '[2606:4700::1111]:443',
      fields: 'X-Marvel-On-Exit-Loss: fail\r\n',
    });
    expect(exit.heads).toEqual([
      'CONNECT [2606:4700::1111]:443 HTTP/1.1\r\nHost: [2606:4700::1111]:443\r\nProxy-Authorization: Bearer token of ext_0001\r\n' +
        `X-Marvel-Request-Id: ${answer.fields.get('x-marvel-request-id')}\r\n\r\n`,
    ]);
  });

  test('signs in to an upstream proxy, and tells it nothing of ours', async () => {
    const basic = `Basic ${Buffer.from('us:er:p').toString('base64')}`;
    const proxy = { type: 'http-connect', host: '127.0.0.1', port: exit.port, tls: false } as const;
    gateway.addExit(exit.port, { transport: { ...proxy, username: 'us:er', password: 'p' } });
    gateway.addExit(exit.port, { transport: proxy, country: 'DE' });
    expect((await gateway.connect()).answer.status).toBe(200);
    expect((await gateway.connect({ target: 'country-DE' })).answer.status).toBe(200);
    const head = `CONNECT ${destination} HTTP/1.1\r\nHost: ${destination}\r\n`;
    expect(exit.heads).toEqual([`${head}Proxy-Authorization: ${basic}\r\n\r\n`, `${head}\r\n`]);
  });

  test.each([
    [
      'the agent’s own policy',
      'HTTP/1.1 403 No\r\nX-Marvel-Error: destination_forbidden\r\n\r\n',
      'destination_forbidden',
    ],
    [
      'a destination that cannot be reached',
      'HTTP/1.1 502 No\r\nX-Marvel-Error: gateway_error\r\n\r\n',
      'gateway_error',
    ],
  ] as const)('that ends at %s is no fault of the exit and tries no other', async (_, text, code) => {
    exit.script = answers(text);
    gateway.addExit(exit.port);
    gateway.addExit(exit.port);
    expectRefusal((await gateway.connect()).answer, code);
    expect(exit.heads).toHaveLength(1);
    expect(gateway.meter.dials).toEqual([]);
  });

  test.each([
    ['wants other credentials', answers('HTTP/1.1 407 No\r\n\r\n')],
    ['is overloaded', answers('HTTP/1.1 503 No\r\nX-Marvel-Error: overloaded\r\n\r\n')],
    ['says 403 without being our policy', answers('HTTP/1.1 403 No\r\n\r\n')],
    ['answers with garbage', answers('SSH-2.0-OpenSSH_9.9\r\n\r\n')],
    ['answers with a broken head', answers('HTTP/1.1 200 OK\nX: 1\n\r\n\r\n')],
    ['hangs up in a long head', answers(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}`)],
    ['breaks its head off', answers('HTTP/1.1 200')],
    ['hangs up', answers('')],
    ['resets', (socket: { resetAndDestroy(): unknown }) => socket.resetAndDestroy()],
  ])('goes on to another exit when one %s', async (_, script) => {
    await using second = await ScriptedExit.start(echoes);
    exit.script = script;
    gateway.addExit(exit.port, { weight: 1000, grade: 'S' });
    gateway.addExit(second.port, { grade: 'A' });
    const { wire, answer } = await gateway.connect();
    expect(answer.fields.get('x-marvel-exit-id')).toBe('ext_0002');
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
    expect(gateway.meter.dials).toEqual([
      { exit: 'ext_0001', succeeded: false },
      { exit: 'ext_0002', succeeded: true },
    ]);
    wire.close();
  });

  test('goes on to another exit when one is not there, and does not try that again at once', async () => {
    const gone = await ScriptedExit.start(echoes);
    gateway.addExit(gone.port, { grade: 'S' });
    await gone[Symbol.asyncDispose]();
    gateway.addExit(exit.port, { grade: 'A' });
    for (let index = 0; index < 3; index += 1) {
      expect((await gateway.connect()).answer.fields.get('x-marvel-exit-id')).toBe('ext_0002');
    }
    expect(gateway.meter.dials.filter(({ succeeded }) => !succeeded)).toEqual([{ exit: 'ext_0001', succeeded: false }]);
  });

  test('that fails is told of in good order, even to a client that has sent ahead more than is kept', async () => {
    let fail: (() => void) | undefined;
    exit.script = (socket) => {
      fail = () => socket.end('HTTP/1.1 500 No\r\n\r\n');
    };
    gateway.addExit(exit.port);
    const wire = await Wire.open(gateway.address);
    wire.send(connectRequest(destination, { key: gateway.key }) + 'x'.repeat(250_000));
    await eventually(() => {
      expect(exit.heads).toHaveLength(1);
    });
    fail?.();
    expectRefusal(await wire.answer(), 'gateway_error');
    expect(await wire.drain()).toEqual({ bytes: 0, end: 'fin' });
    wire.finish();
    await wire.closed;
    expect(wire.socket.errored).toBeNull();
  });

  test('tries two further exits and no more', async () => {
    exit.script = answers('HTTP/1.1 500 No\r\n\r\n');
    for (let index = 0; index < 5; index += 1) gateway.addExit(exit.port);
    expectRefusal((await gateway.connect()).answer, 'gateway_error');
    expect(exit.heads).toHaveLength(3);
    expect(new Set(gateway.meter.dials.map((dial) => dial.exit)).size).toBe(3);
  });

  test('that the client leaves is broken off', async () => {
    const met = Promise.withResolvers<void>();
    exit.script = (socket) => {
      socket.on('close', () => {
        met.resolve();
      });
      socket.on('end', () => socket.end());
      socket.resume();
    };
    gateway.addExit(exit.port);
    for (const leave of [(wire: Wire) => wire.finish(), (wire: Wire) => wire.socket.resetAndDestroy()]) {
      const wire = await Wire.open(gateway.address);
      wire.send(connectRequest(destination, { key: gateway.key }));
      await eventually(() => {
        expect(exit.sockets.size).toBe(1);
      });
      leave(wire);
      await met.promise;
      await eventually(() => {
        expect(exit.sockets.size).toBe(0);
      });
    }
    expect(gateway.tunnels).toEqual([]);
    expect(gateway.meter.dials).toEqual([]);
  });
});

describe('a sticky session', () => {
  const sticky = { target: 'country-US-session-a' };

  test('keeps its exit and says until when', async () => {
    for (let index = 0; index < 8; index += 1) gateway.addExit(exit.port);
    const before = Date.now();
    const first = (await gateway.connect(sticky)).answer.fields;
    expect(first.get('x-marvel-session-generation')).toBe('1');
    const expiresAtMs = Date.parse(first.get('x-marvel-session-expires') ?? '');
    expect(expiresAtMs).toBeGreaterThanOrEqual(before + 600_000);
    expect(expiresAtMs).toBeLessThanOrEqual(Date.now() + 600_000);
    for (let index = 0; index < 8; index += 1) {
      const { fields } = (await gateway.connect({ target: 'country-us-min_purity-50-session-a' })).answer;
      expect(fields.get('x-marvel-exit-id')).toBe(first.get('x-marvel-exit-id'));
      expect(fields.get('x-marvel-session-expires')).toBe(first.get('x-marvel-session-expires'));
    }
    expect(gateway.meter.pins).toEqual([
      {
        account,
        session: 'a',
        exit: first.get('x-marvel-exit-id'),
        generation: 1,
        expires_at: first.get('x-marvel-session-expires'),
      },
    ]);
  });

  test('does not move while its exit is only failing', async () => {
    gateway.addExit(exit.port);
    gateway.addExit(exit.port);
    exit.script = answers('HTTP/1.1 500 No\r\n\r\n');
    expectRefusal((await gateway.connect(sticky)).answer, 'gateway_error');
    expect(exit.heads).toHaveLength(1);
  });

  test('moves in the middle of a dial when its exit is gone, and counts up', async () => {
    const first = gateway.addExit(exit.port, { grade: 'S' });
    await using second = await ScriptedExit.start(echoes);
    gateway.addExit(second.port, { grade: 'A' });
    exit.script = (socket) => {
      gateway.fleet.exitsById.delete(first.id);
      gateway.fleet.tell({ kind: 'tombstone', of: 'exit', id: first.id });
      socket.destroy();
    };
    const { fields } = (await gateway.connect(sticky)).answer;
    expect(fields.get('x-marvel-exit-id')).toBe('ext_0002');
    expect(fields.get('x-marvel-session-generation')).toBe('2');
  });

  test('fails in the middle of a dial when its exit is gone, and its client wants that or there is no other', async () => {
    for (const fields of ['X-Marvel-On-Exit-Loss: fail\r\n', '']) {
      const held = gateway.addExit(exit.port, { grade: 'S' });
      const other = gateway.addExit(exit.port, { grade: 'A' });
      exit.script = (socket) => {
        gateway.fleet.exitsById.delete(held.id);
        if (fields === '') gateway.fleet.exitsById.delete(other.id);
        gateway.fleet.tell({ kind: 'tombstone', of: 'exit', id: held.id });
        socket.destroy();
      };
      expectRefusal((await gateway.connect({ ...sticky, fields })).answer, 'no_capacity');
      gateway.fleet.exitsById.clear();
    }
    expect(exit.heads).toHaveLength(2);
  });

  test('fails instead of moving when its client wants that', async () => {
    const first = gateway.addExit(exit.port, { grade: 'S' });
    gateway.addExit(exit.port, { grade: 'A' });
    await gateway.open(sticky);
    gateway.fleet.exitsById.delete(first.id);
    gateway.meter.spenders.length = 0;
    const { answer } = await gateway.connect({ ...sticky, fields: 'X-Marvel-On-Exit-Loss: fail\r\n' });
    expectRefusal(answer, 'no_capacity');
    expect((await gateway.connect(sticky)).answer.fields.get('x-marvel-session-generation')).toBe('2');
  });
});
