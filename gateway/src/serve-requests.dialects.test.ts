import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedExit } from '../test-support/scripted-exit.ts';
import { answersEach, ok, type SeenRequest } from '../test-support/scripted-origin.ts';
import { addressOf, everyDialect, subUser } from '../test-support/sub-user-client.ts';
import { TestGateway } from '../test-support/test-gateway.ts';
import { Wire, type WireAnswer } from '../test-support/wire.ts';

let gateway: TestGateway;
let exit: ScriptedExit;
let seen: SeenRequest[];
let wire: Wire | undefined;
beforeEach(async () => {
  gateway = await TestGateway.start(everyDialect);
  gateway.fleet.setSubUser(subUser.id, subUser);
  seen = [];
  exit = await ScriptedExit.start(answersEach(seen, () => ok('hello')));
});
afterEach(async () => {
  wire?.close();
  wire = undefined;
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

/** Asks for a page of example.com, on one connection. */
async function get(door: Parameters<typeof addressOf>[1], fields: string, username = 'alice'): Promise<WireAnswer> {
  wire ??= await Wire.open(addressOf(gateway, door));
  const basic = Buffer.from(`${username}:${subUser.password}`).toString('base64');
  wire.send(
    `GET http://example.com/a HTTP/1.1\r\nHost: example.com\r\nProxy-Authorization: Basic ${basic}\r\n${fields}\r\n`,
  );
  return wire.answer();
}

describe('a request in absolute-form', () => {
  test('is served by the ProxyMesh listener, whose fields go no further, on an exit that is asked for anew', async () => {
    gateway.addExit(exit.port, { exit_ip: '203.0.113.1' });
    gateway.addExit(exit.port, { exit_ip: '203.0.113.2' });
    const answersOf: [string, string | undefined][] = [];
    for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.2', '203.0.113.1']) {
      const answer = await get('proxymesh', `X-ProxyMesh-IP: ${address}\r\nX-ProxyMesh-Country: US\r\nX-Mine: 1\r\n`);
      answersOf.push([answer.body, answer.fields.get('x-proxymesh-ip')]);
    }
    expect(answersOf).toEqual([
      ['hello', '203.0.113.1'],
      ['hello', '203.0.113.2'],
      ['hello', '203.0.113.2'],
      ['hello', '203.0.113.1'],
    ]);
    expect(seen).toHaveLength(4);
    for (const { head } of seen) {
      expect(head).toContain('\r\nX-Mine: 1\r\n');
      expect(head.toLowerCase()).not.toMatch(/proxy/);
    }
    expect(gateway.meter.spenders.map(({ spending }) => spending.dialect)).toEqual(
      Array.from({ length: 4 }, () => 'proxymesh'),
    );
  });

  test('is served by the proxies.fo listener, in the country of its user name', async () => {
    gateway.addExit(exit.port, { country: 'US' });
    gateway.addExit(exit.port, { country: 'DE' });
    expect((await get('residential', '', 'alice-country-de')).body).toBe('hello');
    expect((await get('residential', '', 'alice-country-us')).body).toBe('hello');
    expect(gateway.meter.spenders.map(({ spending }) => spending.country)).toEqual(['DE', 'US']);
  });

  test.each([
    ['alice', 'Expect: 100-continue\r\n', 417, 'Expectation Failed'],
    ['alice-country-zz', '', 454, 'invalid country code'],
    ['nobody', 'Expect: 100-continue\r\n', 407, 'Incorrect username or password'],
  ])('of %s with %j is refused as a CONNECT is: %i', async (username, fields, status, body) => {
    gateway.addExit(exit.port);
    const answer = await get('residential', fields, username);
    expect([answer.status, answer.body]).toEqual([status, body]);
    expect(seen).toEqual([]);
  });
});
