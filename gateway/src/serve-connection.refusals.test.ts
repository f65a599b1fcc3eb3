import { randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectRefusal, refused } from '../test-support/expect-refusal.ts';
import { eventually } from '../test-support/event-log.ts';
import { answers, echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
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

describe('what cannot be read', () => {
  test.each([
    ['a plain request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a target without a port', 'CONNECT example.com HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a folded field', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'],
    ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000'],
    ['a head without end', `CONNECT a:443 HTTP/1.1\r\nX: ${'a'.repeat(20_000)}`],
  ])('is refused with 400, even to a stranger: %s', async (_, request) => {
    const answer = await refused(gateway, request);
    expectRefusal(answer, 'bad_request');
    expect(answer.fields.get('connection')).toBe('close');
  });

  test('is refused whole, and in good order, even while more is sent', async () => {
    const wire = await Wire.open(gateway.address);
    wire.send(`CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n${'x'.repeat(100_000)}`);
    expectRefusal(await wire.answer(), 'bad_request');
    expect(await wire.drain()).toEqual({ bytes: 0, end: 'fin' });
    wire.send('y'.repeat(100_000));
    wire.finish();
    await wire.closed;
    expect(wire.socket.errored).toBeNull();
  });

  test('is a head that its client breaks off', async () => {
    const wire = await Wire.open(gateway.address);
    wire.send('CONNECT a:443 HTTP/1.1\r\n');
    wire.finish();
    expectRefusal(await wire.answer(), 'bad_request');
  });
});

async function refusedWith(request: string): Promise<string | undefined> {
  return (await refused(gateway, request)).fields.get('x-marvel-error');
}

describe('the order of refusals', () => {
  test('is head, credential, target, destination, budget, threads, capacity, dial', async () => {
    const { fleet, meter } = gateway;
    const stranger = makeProxyKey('live', randomBytes);
    meter.standingNow = 'balance_exhausted';
    gateway.limit({ threads: 1 });
    fleet.stale = true;
    const close = 'Connection: close\r\n';
    expect(await refusedWith(`CONNECT 127.0.0.1 HTTP/1.1\r\nHost: a\r\n\r\n`)).toBe('bad_request');
    expect(await refusedWith(connectRequest('127.0.0.1:25', { key: stranger, target: 'x', fields: close }))).toBe(
      'unauthenticated',
    );
    expect(await refusedWith(connectRequest('127.0.0.1:25', { key: gateway.key, target: 'x' }))).toBe(
      'target_malformed',
    );
    expect(await refusedWith(connectRequest('127.0.0.1:25', { key: gateway.key }))).toBe('destination_forbidden');
    expect(await refusedWith(connectRequest(destination, { key: gateway.key }))).toBe('balance_exhausted');
    meter.standingNow = 'cap_exhausted';
    expect(await refusedWith(connectRequest(destination, { key: gateway.key }))).toBe('cap_exhausted');
    meter.standingNow = 'spendable';
    fleet.stale = false;
    gateway.addExit(exit.port);
    const wire = await gateway.open();
    fleet.stale = true;
    expect(await refusedWith(connectRequest(destination, { key: gateway.key }))).toBe('threads_exhausted');
    wire.close();
    await eventually(() => {
      expect(gateway.tunnels).toHaveLength(1);
    });
    expect(await refusedWith(connectRequest(destination, { key: gateway.key }))).toBe('stale_state');
    fleet.stale = false;
    expect(await refusedWith(connectRequest(destination, { key: gateway.key, target: 'country-DE' }))).toBe(
      'no_capacity',
    );
    exit.script = answers('HTTP/1.1 500 No\r\n\r\n');
    expect(await refusedWith(connectRequest(destination, { key: gateway.key }))).toBe('gateway_error');
  });

  test('begins with 503 while nothing is known of anyone', async () => {
    gateway.fleet.isReady = false;
    const answer = await refused(gateway, connectRequest(destination));
    expectRefusal(answer, 'stale_state');
    expect(answer.fields.get('retry-after')).toMatch(/^[0-9]+$/);
  });
});

describe('limits of a key', () => {
  test('keep it to its countries and hosts', async () => {
    gateway.addExit(exit.port);
    gateway.limit({
      countries: ['US'],
      hosts_allow: ['*.example.com', 'example.org'],
      hosts_deny: ['bad.example.com'],
    });
    const status = async (to: string, target = 'country-US') => (await gateway.connect({ to, target })).answer.status;
    expect(await status('www.example.com:443')).toBe(200);
    expect(await status('EXAMPLE.org.:443')).toBe(200);
    expect(await status('www.example.com:443', 'country-DE')).toBe(403);
    expect(await status('example.com:443')).toBe(403);
    expect(await status('bad.example.com:443')).toBe(403);
    expect(await status('badexample.com:443')).toBe(403);
  });

  test('bound its tunnels and its account’s, those being dialled included', async () => {
    gateway.addExit(exit.port);
    gateway.fleet.accounts.set(account, { id: account, status: 'active', balance_bytes: 1, threads: 2 });
    exit.script = () => {};
    const waiting = await Wire.open(gateway.address);
    waiting.send(connectRequest(destination, { key: gateway.key }));
    await eventually(() => {
      expect(exit.heads).toHaveLength(1);
    });
    exit.script = echoes;
    gateway.limit({ threads: 1 });
    expect((await gateway.connect()).answer.status).toBe(429);
    gateway.limit({});
    const second = await gateway.open();
    expect((await gateway.connect()).answer.status).toBe(429);
    waiting.close();
    await eventually(async () => {
      expect((await gateway.connect()).answer.status).toBe(200);
    });
    second.close();
  });

  test('count what other gateways have open, for the key and for its account', async () => {
    gateway.addExit(exit.port);
    const { fleet } = gateway;
    gateway.limit({ threads: 3 });
    fleet.elsewhere.set(credential, 2);
    const first = await gateway.open();
    expect((await gateway.connect()).answer.status).toBe(429);
    fleet.elsewhere.delete(credential);
    await gateway.open();
    fleet.accounts.set(account, { id: account, status: 'active', balance_bytes: 1, threads: 10 });
    fleet.elsewhere.set(account, 8);
    expect((await gateway.connect()).answer.status).toBe(429);
    fleet.elsewhere.clear();
    expect((await gateway.connect()).answer.status).toBe(200);
    first.close();
  });
});
