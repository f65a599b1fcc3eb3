import { randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectRefusal, refused } from '../test-support/expect-refusal.ts';
import { eventually } from '../test-support/event-log.ts';
import { echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { account, credential, destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire, type WireAnswer } from '../test-support/wire.ts';

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

describe('a target with a mistake is refused with 400 and its fixed reason:', () => {
  test.each([
    ['session-abc', 'target_missing_country', 'missing required target: country-<CC> (ISO 3166-1 alpha-2)'],
    ['country-USA', 'target_invalid_country', 'invalid country code; expected ISO 3166-1 alpha-2, e.g. country-US'],
    ['country-US-asn-7922', 'target_asn_unsupported', 'targeting is country-only; ASN/ISP selection is not supported'],
    [
      'country-US-city-nyc',
      'target_unknown_field',
      'unknown target field; supported fields: country, session, min_purity',
    ],
    [
      'country-US-country-DE',
      'target_duplicate_field',
      'duplicate target field; country, session, and min_purity may each appear once',
    ],
    ['country-US-session', 'target_malformed', "malformed target; each field must be <key>-<value> joined by '-'"],
    [
      'country-US-session-a.b',
      'target_invalid_session',
      'invalid session id; allowed: letters, digits, underscore (1-64 chars)',
    ],
    ['country-US-min_purity-101', 'target_invalid_min_purity', 'invalid min_purity; expected an integer 0-100'],
  ] as const)('%s', async (target, code, reason) => {
    gateway.addExit(exit.port);
    const answer = await refused(gateway, connectRequest(destination, { key: gateway.key, target }));
    expect(answer.statusLine).toBe(`HTTP/1.1 400 ${reason}`);
    expectRefusal(answer, code);
    expect(answer.text).not.toContain(target);
    expect(gateway.meter.refusals).toEqual([{ credential, code }]);
    expect(exit.heads).toEqual([]);
  });
});

function withoutId(answer: WireAnswer): string {
  return answer.text.replace(/X-Marvel-Request-Id: .*\r\n/, '');
}

async function ask(request: string): Promise<{ readonly wire: Wire; readonly answer: WireAnswer }> {
  const wire = await Wire.open(gateway.address);
  wire.send(request);
  return { wire, answer: await wire.answer() };
}

describe('who is not known', () => {
  const stranger = makeProxyKey('live', randomBytes);
  test('gets one and the same 407, whatever is wrong', async () => {
    const { answer: first } = await ask(connectRequest(destination));
    expectRefusal(first, 'unauthenticated');
    expect(first.fields.get('proxy-authenticate')).toBe('Basic realm="marvel"');
    const revoked = makeProxyKey('live', randomBytes);
    gateway.fleet.addKey(revoked, { id: 'key_0002', account, test: false, limits: {} });
    gateway.fleet.removeKey(revoked);
    const others = [
      connectRequest(destination, { key: stranger }),
      connectRequest(destination, { key: revoked }),
      connectRequest(destination, { key: `${gateway.key.slice(0, -1)}_` }),
      connectRequest(destination, { key: 'no key' }),
      connectRequest(destination, { key: '' }),
      connectRequest(destination, { key: stranger, target: 'nonsense' }),
      connectRequest('127.0.0.1:25', { key: stranger }),
      connectRequest(destination, { fields: 'Proxy-Authorization: Bearer abc\r\n' }),
      connectRequest(destination, { fields: 'Proxy-Authorization: Basic !\r\n' }),
    ];
    for (const request of others) expect(withoutId((await ask(request)).answer)).toBe(withoutId(first));
    expect(gateway.meter.refusals).toEqual([]);
  });

  test.each([
    ['its key is paused', { paused: true }],
    ['its key has expired', { expires_at: '2020-01-01T00:00:00.000Z' }],
    ['it comes from another address', { source_ips: ['192.0.2.1'] }],
  ])('is also who may not use a key: %s', async (_, limits) => {
    gateway.addExit(exit.port);
    gateway.limit(limits);
    expectRefusal((await gateway.connect()).answer, 'unauthenticated');
    gateway.limit({ paused: false, expires_at: '2099-01-01T00:00:00.000Z', source_ips: ['127.0.0.1'] });
    expect((await gateway.connect()).answer.status).toBe(200);
  });

  test('is also who has a key of a suspended account', async () => {
    gateway.addExit(exit.port);
    gateway.fleet.accounts.set(account, { id: account, status: 'suspended', balance_bytes: 1, threads: null });
    expectRefusal((await gateway.connect()).answer, 'unauthenticated');
  });

  test('may try again on the same connection', async () => {
    gateway.addExit(exit.port);
    const { wire, answer } = await ask(connectRequest(destination));
    expect(answer.status).toBe(407);
    wire.send(connectRequest(destination, { key: gateway.key }));
    expect((await wire.answer()).status).toBe(200);
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
    wire.close();
  });

  test('may send the next tries without waiting, and what follows the good one is for the tunnel', async () => {
    gateway.addExit(exit.port);
    const wire = await Wire.open(gateway.address);
    const bad = connectRequest(destination);
    wire.send(`${bad}${bad}${connectRequest(destination, { key: gateway.key })}hello`);
    expect((await wire.answer()).status).toBe(407);
    expect((await wire.answer()).status).toBe(407);
    expect((await wire.answer()).status).toBe(200);
    expect((await wire.bytes(5)).toString()).toBe('hello');
    wire.close();
  });

  test.each([
    ['speaks HTTP/1.0', `CONNECT ${destination} HTTP/1.0\r\n\r\n`],
    ['asks for the end', connectRequest(destination, { fields: 'Connection: keep-alive, Close\r\n' })],
    ['announces a body', connectRequest(destination, { fields: 'Content-Length: 5\r\n' })],
    ['announces chunks', connectRequest(destination, { fields: 'Transfer-Encoding: chunked\r\n' })],
  ])('gets no second try when it %s', async (_, request) => {
    const answer = await refused(gateway, request);
    expectRefusal(answer, 'unauthenticated');
    expect(answer.fields.get('connection')).toBe('close');
  });

  test('who never reads its refusals is let go', async () => {
    const wire = await Wire.open(gateway.address);
    wire.socket.pause();
    const many = connectRequest(destination).repeat(500);
    await eventually(async () => {
      if (!wire.socket.destroyed && wire.socket.writable) wire.send(many);
      await new Promise(setImmediate);
      expect(gateway.refusals.length).toBeGreaterThan(500);
      expect(wire.socket.errored !== null || wire.socket.readableEnded).toBe(true);
    });
  });
});
