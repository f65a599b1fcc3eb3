import { randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { type FailureCode, failureCodes, failureEntry } from '@marvel/shared/failures';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { answers, echoes, opensThen, ScriptedExit } from '../test-support/scripted-exit.ts';
import { requestMessage, signInMessage, Socks5Wire } from '../test-support/socks5-wire.ts';
import { account, credential, TestGateway } from '../test-support/test-gateway.ts';
import { Wire } from '../test-support/wire.ts';

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

const target = 'country-US';
const welcome = Buffer.from([1, 0]);
const signInRefused = Buffer.from([1, 1]);
const reply = (code: number) => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
const opened = reply(0);

function dial(): Promise<Socks5Wire> {
  return Socks5Wire.open(gateway.gateway.addresses.socks5);
}

/** A client that has signed in with the good key. */
async function signedIn(password = target): Promise<Socks5Wire> {
  const client = await dial();
  expect(await client.signIn(gateway.key, password)).toEqual(welcome);
  return client;
}

/** Reads to the end: nothing more may come, and it has to be an end in good order. */
async function expectEnd(client: Socks5Wire): Promise<void> {
  expect(await client.wire.drain()).toEqual({ bytes: 0, end: 'fin' });
  client.wire.finish();
}

/** What a good key is told when it signs in, and when it asks for a host; each followed by the end. */
async function expectSignInRefused(key: string, password: string): Promise<void> {
  const client = await dial();
  expect(await client.signIn(key, password)).toEqual(signInRefused);
  await expectEnd(client);
}

async function expectRequestRefused(code: number, host = 'example.com', port = 443, password = target): Promise<void> {
  const client = await signedIn(password);
  expect(await client.request(host, port)).toEqual(reply(code));
  await expectEnd(client);
}

async function openTunnel(): Promise<Socks5Wire> {
  const client = await signedIn();
  expect(await client.request('example.com', 443)).toEqual(opened);
  return client;
}

/** How each failure of the catalogue that SOCKS5 can tell is brought about, and read off the wire. */
const cells: Partial<Record<FailureCode, () => Promise<void>>> = {
  unauthenticated: () => expectSignInRefused(makeProxyKey('live', randomBytes), target),
  target_missing_country: () => expectSignInRefused(gateway.key, 'session-a'),
  target_invalid_country: () => expectSignInRefused(gateway.key, 'country-USA'),
  target_asn_unsupported: () => expectSignInRefused(gateway.key, 'country-US-asn-1'),
  target_unknown_field: () => expectSignInRefused(gateway.key, 'country-US-city-nyc'),
  target_duplicate_field: () => expectSignInRefused(gateway.key, 'country-US-country-US'),
  target_malformed: () => expectSignInRefused(gateway.key, 'country'),
  target_invalid_session: () => expectSignInRefused(gateway.key, 'country-US-session-a.b'),
  target_invalid_min_purity: () => expectSignInRefused(gateway.key, 'country-US-min_purity-101'),
  bad_request: async () => {
    const client = await signedIn();
    client.wire.send(Buffer.from([4, 1, 0, 80]));
    await expectEnd(client);
  },
  balance_exhausted: async () => {
    gateway.meter.standingNow = 'balance_exhausted';
    await expectRequestRefused(2);
  },
  cap_exhausted: async () => {
    gateway.meter.standingNow = 'cap_exhausted';
    await expectRequestRefused(2);
  },
  threads_exhausted: async () => {
    gateway.limit({ threads: 1 });
    gateway.addExit(exit.port);
    await openTunnel();
    await expectRequestRefused(2);
  },
  destination_forbidden: () => expectRequestRefused(2, '127.0.0.1', 443),
  no_capacity: () => expectRequestRefused(3),
  gateway_error: async () => {
    exit.script = answers('HTTP/1.1 500 No\r\n\r\n');
    gateway.addExit(exit.port);
    await expectRequestRefused(1);
  },
  overloaded: async () => {
    await gateway[Symbol.asyncDispose]();
    gateway = await TestGateway.start({ MARVEL_MAX_TUNNELS: '1' });
    gateway.addExit(exit.port);
    await openTunnel();
    await expectRequestRefused(1);
  },
  draining: async () => {
    gateway.addExit(exit.port);
    const client = await openTunnel();
    const late = await dial();
    await late.greet();
    const closed = gateway.gateway.close();
    late.wire.send(signInMessage(gateway.key, target));
    expect(await late.wire.bytes(2)).toEqual(welcome);
    expect(await late.request('example.com', 443)).toEqual(reply(1));
    await expectEnd(late);
    client.wire.close();
    await closed;
  },
  stale_state: async () => {
    gateway.fleet.stale = true;
    await expectRequestRefused(1);
  },
};

describe('over SOCKS5, as the catalogue has it,', () => {
  const told = failureCodes.filter((code) => failureEntry(code).socks5 !== null);

  test('each failure that can be told is read off the wire below', () => {
    expect(Object.keys(cells).toSorted()).toEqual(told.toSorted());
  });

  test.each(told)('%s is told, recorded and costs nothing', async (code) => {
    await cells[code]?.();
    await eventually(() => {
      expect(gateway.refusals.map((event) => [event.dialect, event.code])).toEqual([['socks5', code]]);
    });
    const isOfNobody = code === 'unauthenticated' || code === 'bad_request';
    expect(gateway.refusals[0]?.credential).toBe(isOfNobody ? undefined : credential);
    expect(gateway.meter.refusals).toEqual(isOfNobody ? [] : [{ credential, code }]);
    for (const spender of gateway.meter.spenders) expect(spender.bytesUp + spender.bytesDown).toBe(0);
  });
});

describe('a SOCKS5 client that is not known', () => {
  test.each([
    ['an unknown key', () => [makeProxyKey('live', randomBytes), target]],
    ['a key with a typo', () => [`${gateway.key.slice(0, -1)}!`, target]],
    ['an unknown key with a bad target', () => [makeProxyKey('live', randomBytes), 'x']],
    ['an empty name and password', () => ['', '']],
    ['the longest name and password', () => ['x'.repeat(255), 'y'.repeat(255)]],
    [
      'a key that is paused',
      () => {
        gateway.limit({ paused: true });
        return [gateway.key, target];
      },
    ],
  ])('gets the same answer with %s', async (_what, shown) => {
    const [username = '', password = ''] = shown();
    await expectSignInRefused(username, password);
  });

  test('is told that none of its methods will do when it cannot sign in', async () => {
    const client = await dial();
    expect(await client.greet([0, 1])).toEqual(Buffer.from([5, 0xff]));
    await expectEnd(client);
    expect(gateway.refusals.map((event) => event.code)).toEqual(['unauthenticated']);
  });

  test('learns nothing more while nothing is known of anyone', async () => {
    gateway.fleet.isReady = false;
    const client = await dial();
    expect(await client.signIn(makeProxyKey('live', randomBytes), 'x')).toEqual(welcome);
    expect(await client.request('10.0.0.1', 25)).toEqual(reply(1));
    await expectEnd(client);
  });

  test('is one whose key ended after it signed in', async () => {
    const client = await signedIn();
    gateway.fleet.removeKey(gateway.key);
    expect(await client.request('example.com', 443)).toEqual(reply(2));
    await expectEnd(client);
  });
});

describe('what SOCKS5 cannot ask for here', () => {
  test.each([
    ['BIND', 7, () => requestMessage('198.51.100.1', 443, 2)],
    ['UDP ASSOCIATE', 7, () => requestMessage('198.51.100.1', 443, 3)],
    ['an unknown type of address', 8, () => Buffer.from([5, 1, 0, 9, 0, 0, 0, 0, 0, 0])],
  ])('is refused by its code: %s', async (_what, code, message) => {
    const client = await signedIn();
    client.wire.send(message());
    expect(await client.wire.bytes(10)).toEqual(reply(code));
    await expectEnd(client);
    expect(gateway.refusals.map((event) => event.code)).toEqual(['bad_request']);
  });

  test.each([
    ['HTTP', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['SOCKS4', '\u0004\u0001\u0001\u00bb\u0001\u0002\u0003\u0004\u0000'],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000'],
  ])('is closed without a word: %s', async (_what, bytes) => {
    const client = await dial();
    client.wire.send(bytes);
    await expectEnd(client);
    expect(gateway.refusals.map((event) => event.code)).toEqual(['bad_request']);
  });

  test('is closed without a word when it is broken off', async () => {
    const client = await dial();
    await client.greet();
    client.wire.finish();
    await expectEnd(client);
  });

  test('is closed without a word when it takes too long, however steadily it comes in drops', async () => {
    await gateway[Symbol.asyncDispose]();
    gateway = await TestGateway.start({ MARVEL_HEAD_TIMEOUT_MS: '500' });
    const client = await dial();
    const begun = Buffer.from([5, 1, 0, 3, 255]);
    client.wire.send(Buffer.concat([Buffer.from([5, 1, 2]), signInMessage(gateway.key, target), begun]));
    // Each drop comes long before the time is up, and the name would be whole only long after it.
    client.wire.drip('x');
    expect(await client.wire.bytes(4)).toEqual(Buffer.from([5, 2, ...welcome]));
    await expectEnd(client);
    expect(gateway.refusals.map((event) => event.code)).toEqual(['bad_request']);
  });

  test('is closed without a word when there is no room for it at all', async () => {
    await gateway[Symbol.asyncDispose]();
    gateway = await TestGateway.start({ MARVEL_MAX_TUNNELS: '1' });
    const many = await Promise.all(Array.from({ length: 65 }, dial));
    await expectEnd(await dial());
    for (const client of many) client.wire.close();
  });
});

describe('a tunnel opened over SOCKS5', () => {
  test('carries bytes both ways, counts each once and is reported as what it is', async () => {
    gateway.addExit(exit.port);
    const client = await openTunnel();
    client.wire.send('hello');
    expect((await client.wire.bytes(5)).toString()).toBe('hello');
    client.wire.finish();
    expect(await client.wire.ended).toBe('fin');
    await eventually(() => {
      expect(gateway.tunnels).toHaveLength(1);
    });
    expect(gateway.tunnels[0]).toMatchObject({
      dialect: 'socks5',
      bytesUp: 5,
      bytesDown: 5,
      end: 'completed',
      account,
    });
    expect(gateway.meter.spenders[0]).toMatchObject({
      spending: { dialect: 'socks5' },
      bytesUp: 5,
      bytesDown: 5,
      ends: 1,
    });
  });

  test.each([
    ['a name', requestMessage('Example.COM', 443), 'example.com:443'],
    ['an IPv4 address', requestMessage('8.8.8.8', 80), '8.8.8.8:80'],
    [
      'an IPv6 address',
      Buffer.from([5, 1, 0, 4, ...Buffer.from('26064700000000000000000000001111', 'hex'), 1, 187]),
      '[2606:4700::1111]:443',
    ],
  ])('asks the exit for the destination as it is: %s', async (_what, message, asked) => {
    gateway.addExit(exit.port);
    const client = await signedIn();
    client.wire.send(message);
    expect(await client.wire.bytes(10)).toEqual(opened);
    expect(exit.heads[0]?.split('\r\n')[0]).toBe(`CONNECT ${asked} HTTP/1.1`);
  });

  test('takes a whole conversation, and what follows it, sent without waiting', async () => {
    gateway.addExit(exit.port);
    const client = await dial();
    client.wire.send(
      Buffer.concat([
        Buffer.from([5, 1, 2]),
        signInMessage(gateway.key, target),
        requestMessage('example.com', 443),
        Buffer.from('early'),
      ]),
    );
    const expected = Buffer.concat([Buffer.from([5, 2]), welcome, opened, Buffer.from('early')]);
    expect(await client.wire.bytes(expected.length)).toEqual(expected);
  });

  test('takes a conversation sent byte by byte', async () => {
    gateway.addExit(exit.port);
    const client = await dial();
    const messages = [Buffer.from([5, 1, 2]), signInMessage(gateway.key, target), requestMessage('example.com', 443)];
    for (const byte of Buffer.concat(messages)) {
      client.wire.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    const expected = Buffer.concat([Buffer.from([5, 2]), welcome, opened]);
    expect(await client.wire.bytes(expected.length)).toEqual(expected);
  });

  test('has what is glued to the answer of its exit behind its own', async () => {
    exit.script = opensThen((socket) => socket.write('first'));
    gateway.addExit(exit.port);
    const client = await openTunnel();
    expect((await client.wire.bytes(5)).toString()).toBe('first');
  });

  test('shares its sticky session with the other protocols of its account', async () => {
    const script = exit.script;
    await using other = await ScriptedExit.start(script);
    gateway.addExit(exit.port);
    gateway.addExit(other.port);
    const sticky = `${target}-session-shared`;
    const http = await gateway.connect({ target: sticky });
    const client = await signedIn(sticky);
    expect(await client.request('example.com', 443)).toEqual(opened);
    expect(new Set([exit.heads.length, other.heads.length])).toEqual(new Set([0, 2]));
    http.wire.close();
  });
});

test('SOCKS5 is not opened when it is not wanted', async () => {
  await using without = await TestGateway.start({ MARVEL_LISTEN_SOCKS5: 'off' });
  expect(Object.keys(without.gateway.addresses)).not.toContain('socks5');
  const wire = await Wire.open(without.address);
  wire.close();
});
