import { randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import { Socks5Wire } from '../test-support/socks5-wire.ts';
import { destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire } from '../test-support/wire.ts';

let gateway: TestGateway;
let exit: ScriptedExit;
beforeEach(async () => {
  gateway = await TestGateway.start({
    MARVEL_BAN_REFUSALS: '3',
    MARVEL_BAN_WINDOW_MS: '60000',
  });
  exit = await ScriptedExit.start(echoes);
  gateway.addExit(exit.port);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

const idPattern = /X-Marvel-Request-Id: [0-9a-f-]+/;

/** What a client with this key is told, but for the id of its request. */
async function ask(key: string): Promise<string> {
  const { wire, answer } = await gateway.connect({ key });
  wire.close();
  return answer.text.replace(idPattern, '');
}

async function askOverSocks5(key: string): Promise<number | undefined> {
  const client = await Socks5Wire.open(gateway.gateway.addresses.socks5);
  const [, status] = await client.signIn(key, 'country-US');
  client.wire.close();
  return status;
}

/** A key that was never one: its checksum does not fit. */
function guess(): string {
  const key = makeProxyKey('live', randomBytes);
  return key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
}

async function isServed(): Promise<boolean> {
  return (await ask(gateway.key)).startsWith('HTTP/1.1 200 ');
}

describe('an address that is refused for its credentials again and again', () => {
  test('is refused at every door, by the same bytes whatever it shows', async () => {
    const answers = [await ask(guess()), await ask(guess())];
    expect(await isServed()).toBe(true);
    answers.push(await ask(guess()), await ask(gateway.key), await ask(guess()));
    expect(new Set(answers).size).toBe(1);
    expect(await askOverSocks5(gateway.key)).toBe(1);
    expect(gateway.notes.filter(({ event }) => event === 'address_banned')).toEqual([
      { event: 'address_banned', details: { client_ip: '127.0.0.1' } },
    ]);
  });

  test('is served again when its time is over', async () => {
    await using brief = await TestGateway.start({ MARVEL_BAN_REFUSALS: '1', MARVEL_BAN_MS: '50' });
    brief.addExit(exit.port);
    await brief.connect({ key: guess() });
    await eventually(async () => {
      expect((await brief.connect()).answer.status).toBe(200);
    });
    expect(brief.notes.map(({ event }) => event)).toContain('address_banned');
  });

  test('is banned for what it tries over SOCKS5 too, and on one connection', async () => {
    expect([await askOverSocks5(guess()), await askOverSocks5(guess())]).toEqual([1, 1]);
    const wire = await Wire.open(gateway.address);
    wire.send(connectRequest(destination, { key: guess() }));
    expect((await wire.answer()).status).toBe(407);
    wire.send(connectRequest(destination, { key: gateway.key }));
    expect((await wire.answer()).status).toBe(407);
  });

  test('keeps the tunnels it has', async () => {
    const wire = await gateway.open();
    for (let count = 0; count < 3; count += 1) await ask(guess());
    expect(await isServed()).toBe(false);
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
  });
});

describe('no address is banned', () => {
  test('for other refusals', async () => {
    for (let count = 0; count < 5; count += 1) {
      const { answer } = await gateway.connect({ target: 'country-US-city-nyc' });
      expect(answer.status).toBe(400);
    }
    expect(await isServed()).toBe(true);
  });

  test('for a key that is not known yet, or no longer', async () => {
    for (let count = 0; count < 5; count += 1) {
      expect(await ask(makeProxyKey('live', randomBytes))).toContain('HTTP/1.1 407 ');
    }
    expect(await isServed()).toBe(true);
  });

  test('for waiting to be asked who it is, each time before it shows a good key', async () => {
    for (let count = 0; count < 5; count += 1) {
      const wire = await Wire.open(gateway.address);
      wire.send(connectRequest(destination));
      expect((await wire.answer()).status).toBe(407);
      wire.send(connectRequest(destination, { key: gateway.key }));
      expect((await wire.answer()).status).toBe(200);
      wire.close();
    }
  });

  test('before its last try, though a good key may come between: guesses are not forgiven', async () => {
    for (let count = 0; count < 2; count += 1) {
      const wire = await Wire.open(gateway.address);
      wire.send(connectRequest(destination, { key: guess() }));
      expect((await wire.answer()).status).toBe(407);
      wire.send(connectRequest(destination, { key: gateway.key }));
      expect((await wire.answer()).status).toBe(200);
      wire.close();
    }
    await ask(guess());
    expect(await isServed()).toBe(false);
  });

  test('where bans are not wanted', async () => {
    await using without = await TestGateway.start({ MARVEL_BAN_REFUSALS: '0' });
    without.addExit(exit.port);
    for (let count = 0; count < 70; count += 1) await without.connect({ key: guess() });
    expect((await without.connect()).answer.status).toBe(200);
  });
});
