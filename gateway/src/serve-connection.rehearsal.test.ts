import { randomBytes } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { makeProxyKey } from '@marvel/shared/key-format';
import { type FailureCode, failureEntry, type Socks5Answer } from '@marvel/shared/failures';
import { rehearsableFailures, rehearsalSession } from '@marvel/shared/rehearsal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectRefusal } from '../test-support/expect-refusal.ts';
import { echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { Socks5Wire } from '../test-support/socks5-wire.ts';
import { addressOf, ask, everyDialect, subUserConnect } from '../test-support/sub-user-client.ts';
import { account, credential, destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire, type WireAnswer } from '../test-support/wire.ts';

const testCredential = 'key_test1';
let gateway: TestGateway;
let exit: ScriptedExit;
let testKey: string;
beforeAll(async () => {
  gateway = await TestGateway.start(everyDialect);
  exit = await ScriptedExit.start(echoes);
  gateway.addExit(exit.port);
  testKey = makeProxyKey('test', randomBytes);
  gateway.fleet.addKey(testKey, { id: testCredential, account, test: true, limits: {} });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

const target = (code: FailureCode) => `country-US-session-${rehearsalSession(code)}`;

describe('a test key is refused with the failure that its session names', () => {
  test.each(rehearsableFailures('marvel'))('%s, over HTTP', async (code) => {
    const { answer, wire } = await gateway.connect({ key: testKey, target: target(code) });
    expectRefusal(answer, code);
    expect(answer.fields.has('retry-after')).toBe(answer.status === 503 || answer.status === 429);
    expect(answer.fields.has('proxy-authenticate')).toBe(answer.status === 407);
    wire.close();
  });

  test.each(rehearsableFailures('marvel'))('%s, to a request in absolute-form', async (code) => {
    const wire = await Wire.open(gateway.address);
    const basic = Buffer.from(`${testKey}:${target(code)}`).toString('base64');
    wire.send(`GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`);
    expectRefusal(await wire.answer(), code);
    wire.close();
  });

  test.each(rehearsableFailures('socks5'))('%s, over SOCKS5', async (code) => {
    expect(await refusalOverSocks(target(code))).toEqual(failureEntry(code).socks5);
  });

  test.each(rehearsableFailures('proxies-fo'))('%s, in the proxies.fo dialect', async (code) => {
    const username = `${testKey}-country-us-session-${rehearsalSession(code)}`;
    const { answer, wire } = await askAs(addressOf(gateway, 'residential'), { username });
    const { status, body } = failureEntry(code).proxiesFo ?? { status: 0, body: '' };
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body });
    wire.close();
  });

  test.each(rehearsableFailures('proxymesh'))('%s, in the ProxyMesh dialect', async (code) => {
    const request = { username: testKey, password: target(code) };
    const { answer, wire } = await askAs(addressOf(gateway, 'proxymesh'), request);
    const { proxymesh, reason } = failureEntry(code);
    expect({ status: answer.status, phrase: answer.reason, body: answer.body }).toEqual({
      status: proxymesh,
      phrase: STATUS_CODES[proxymesh ?? 0],
      body: `${reason}\n`,
    });
    wire.close();
  });

  test('and a slip is an invalid session', async () => {
    const { answer } = await gateway.connect({ key: testKey, target: 'country-US-session-test_balence_exhausted' });
    expectRefusal(answer, 'target_invalid_session');
  });

  test('of which its rejections tell', () => {
    const told = gateway.refusals.filter((event) => event.credential === testCredential);
    expect(new Set(told.map(({ code }) => code))).toContain('balance_exhausted');
    expect(gateway.meter.refusals.map((refusal) => refusal.credential)).toContain(testCredential);
  });
});

describe('a test key that asks for no failure', () => {
  test('has a tunnel that ends inside the gateway, of no exit and no byte of any bill', async () => {
    const { answer, wire } = await gateway.connect({ key: testKey, target: 'country-DE-session-cart' });
    expect([answer.status, answer.fields.get('x-marvel-exit-id')]).toEqual([200, 'ext_test']);
    expect(answer.fields.get('x-marvel-exit-country')).toBe('DE');
    expect(answer.fields.get('x-marvel-session-generation')).toBe('1');
    wire.send('POST /a HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 3\r\n\r\nabc');
    const told = await readJson(wire);
    expect(told).toEqual({ test: true, method: 'POST', host: 'shop.example', path: '/a', body_bytes: 3 });
    wire.close();
    expect(exit.heads).toEqual([]);
    expect(gateway.meter.spenders).toEqual([]);
    expect(gateway.meter.dials).toEqual([]);
  });

  test('has its plain requests answered there too, and its SOCKS5 ones', async () => {
    const wire = await Wire.open(gateway.address);
    const basic = Buffer.from(`${testKey}:country-US`).toString('base64');
    wire.send(`GET http://shop.example/b HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`);
    expect(await readJson(wire)).toMatchObject({ test: true, host: 'shop.example', path: '/b' });
    wire.close();
    const socks = await Socks5Wire.open(gateway.gateway.addresses.socks5 ?? undefined);
    await socks.signIn(testKey, 'country-US');
    expect((await socks.request('shop.example', 80))[1]).toBe(0);
    socks.wire.send('GET /c HTTP/1.1\r\nHost: shop.example\r\n\r\n');
    expect(await readJson(socks.wire)).toMatchObject({ path: '/c' });
    socks.wire.close();
    for (const door of ['residential', 'isp', 'datacenter', 'proxymesh'] as const) {
      const asked = await askAs(addressOf(gateway, door), { username: testKey, password: '' });
      expect([door, asked.answer.status]).toEqual([door, 200]);
      asked.wire.close();
    }
    expect(exit.heads).toEqual([]);
    expect(gateway.meter.spenders).toEqual([]);
  });

  test('is held to targets, destinations and limits like any other', async () => {
    const status = async (asked: { target?: string; to?: string }) =>
      (await gateway.connect({ key: testKey, ...asked })).answer.status;
    expect(await status({ target: 'country-USA' })).toBe(400);
    expect(await status({ to: '10.0.0.1:443' })).toBe(403);
    gateway.fleet.addKey(testKey, { id: testCredential, account, test: true, limits: { countries: ['US'] } });
    expect(await status({ target: 'country-DE' })).toBe(403);
    gateway.fleet.addKey(testKey, { id: testCredential, account, test: true, limits: {} });
  });
});

describe('no other credential', () => {
  test('is refused because of a session that a test key would be refused by', async () => {
    const { answer, wire } = await gateway.connect({ target: target('balance_exhausted') });
    expect(answer.status).toBe(200);
    expect(exit.heads).toHaveLength(1);
    wire.close();
  });

  test('stands for a sub-user in the other dialects', async () => {
    for (const door of ['residential', 'proxymesh'] as const) {
      const request = { username: gateway.key, password: 'country-US' };
      const { answer, wire } = await askAs(addressOf(gateway, door), request);
      expect([door, answer.status]).toEqual([door, 407]);
      wire.close();
    }
    gateway.fleet.addKey(gateway.key, { id: credential, account, test: false, limits: {} });
    const unknown = makeProxyKey('test', randomBytes);
    const wire = await Wire.open(gateway.address);
    wire.send(connectRequest(destination, { key: unknown, target: target('balance_exhausted') }));
    expectRefusal(await wire.answer(), 'unauthenticated');
    wire.close();
  });
});

async function askAs(
  address: string,
  request: { username: string; password?: string },
): Promise<{ wire: Wire; answer: WireAnswer }> {
  return ask(address, subUserConnect(request));
}

/** The JSON of an answer. */
async function readJson(wire: Wire): Promise<unknown> {
  const head = await wire.head();
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  const length = /content-length: ([0-9]+)/i.exec(head)?.[1];
  return JSON.parse((await wire.bytes(Number(length))).toString());
}

/** What a SOCKS5 client is told at last, by the step at which it is told. */
async function refusalOverSocks(password: string): Promise<Socks5Answer> {
  const socks = await Socks5Wire.open(gateway.gateway.addresses.socks5 ?? undefined);
  try {
    const [, auth = 0] = await socks.signIn(testKey, password);
    if (auth !== 0) return { auth };
    const reply = await socks.request('example.com', 443).catch(() => undefined);
    return reply === undefined ? 'close' : { reply: reply[1] ?? 0 };
  } finally {
    socks.wire.close();
  }
}
