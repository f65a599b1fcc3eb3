import { randomBytes } from 'node:crypto';
import { makeProxyKey } from '@marvel/shared/key-format';
import { type FailureCode, failureCodes, failureEntry } from '@marvel/shared/failures';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { answers, echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import {
  addressOf,
  ask as askAt,
  everyDialect,
  subUser,
  subUserConnect,
  type SubUserRequest,
} from '../test-support/sub-user-client.ts';
import { account, destination, TestGateway } from '../test-support/test-gateway.ts';
import { connectRequest, Wire, type WireAnswer } from '../test-support/wire.ts';

let gateway: TestGateway;
let exit: ScriptedExit;
beforeEach(async () => {
  gateway = await TestGateway.start(everyDialect);
  gateway.fleet.setSubUser(subUser.id, subUser);
  exit = await ScriptedExit.start(echoes);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

type Listener = 'residential' | 'isp' | 'datacenter';

function ask(request: SubUserRequest = {}, listener: Listener = 'residential') {
  return askAt(addressOf(gateway, listener), subUserConnect(request));
}

async function open(request: SubUserRequest = {}): Promise<Wire> {
  const { wire, answer } = await ask(request);
  expect(answer.status).toBe(200);
  return wire;
}

async function answerTo(request: SubUserRequest, listener?: Listener): Promise<WireAnswer> {
  return (await ask(request, listener)).answer;
}

/** The exit that a user name with modifiers gets; `undefined` when it is refused. */
async function exitFor(modifiers: string): Promise<string | undefined> {
  const before = gateway.meter.dials.length;
  const { wire, answer } = await ask({ username: `alice${modifiers}` });
  wire.close();
  return answer.status === 200 ? gateway.meter.dials[before]?.exit : undefined;
}

function withoutId(answer: WireAnswer): string {
  return answer.text.replace(/X-Marvel-Request-Id: .*\r\n/, '');
}

const incorrect = 'Incorrect username or password';
/** One row of the page that clients of the dialect are written against, or of the contract where the page is silent. */
type Row = readonly [code: FailureCode, status: number, phrase: string, body: string, ask: () => Promise<WireAnswer>];
const rows: readonly Row[] = [
  [
    'bad_request',
    400,
    'Bad Request',
    'Bad Request',
    async () => (await askAt(addressOf(gateway, 'residential'), 'CONNECT nowhere HTTP/1.1\r\nHost: a\r\n\r\n')).answer,
  ],
  ['unauthenticated', 407, 'Proxy Authentication Required', incorrect, () => answerTo({ password: 'wrong' })],
  ['expectation_failed', 417, 'Expectation Failed', 'Expectation Failed', () => answerTo({ fields: 'Expect: x\r\n' })],
  [
    'balance_exhausted',
    452,
    'Bandwidth Exceeded',
    'exceeded bandwidth limit',
    () => {
      gateway.meter.standingNow = 'balance_exhausted';
      return answerTo({});
    },
  ],
  [
    'cap_exhausted',
    452,
    'Bandwidth Exceeded',
    'exceeded bandwidth limit',
    () => {
      gateway.meter.standingNow = 'cap_exhausted';
      return answerTo({});
    },
  ],
  [
    'threads_exhausted',
    453,
    'Thread Limit Exceeded',
    'exceeded threads limit',
    async () => {
      gateway.addExit(exit.port);
      gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { threads: 1 } });
      await open();
      return answerTo({});
    },
  ],
  [
    'target_invalid_country',
    454,
    'Invalid Country Code',
    'invalid country code',
    () => answerTo({ username: 'alice-country-zz' }),
  ],
  [
    'target_invalid_state',
    454,
    'Invalid State Code',
    'invalid state code',
    () => answerTo({ username: 'alice-country-us-state-zz' }),
  ],
  [
    'target_invalid_city',
    454,
    'Invalid City Code',
    'invalid city code',
    () => {
      gateway.addExit(exit.port, { city: 'losangeles' });
      return answerTo({ username: 'alice-country-us-city-nowhere' });
    },
  ],
  ['target_invalid_ttl', 455, 'Invalid TTL', 'invalid ttl', () => answerTo({ username: 'alice-ttl-1441' })],
  [
    'target_invalid_session',
    407,
    'Proxy Authentication Required',
    incorrect,
    () => answerTo({ username: 'alice-session-a.b' }),
  ],
  ['destination_forbidden', 403, 'Forbidden', 'destination not allowed', () => answerTo({ to: '127.0.0.1:443' })],
  ['no_capacity', 503, 'Service Unavailable', 'Service Unavailable', () => answerTo({})],
  [
    'gateway_error',
    502,
    'Bad Gateway',
    'Bad Gateway',
    () => {
      exit.script = answers('HTTP/1.1 500 No\r\n\r\n');
      gateway.addExit(exit.port);
      return answerTo({});
    },
  ],
  [
    'internal',
    500,
    'Internal Server Error',
    'Internal Server Error',
    async () => {
      gateway.fleet.exits = () => {
        throw new Error('a bug');
      };
      const answer = await answerTo({});
      expect(gateway.faults.splice(0)).toHaveLength(1);
      return answer;
    },
  ],
  [
    'overloaded',
    503,
    'Service Unavailable',
    'Service Unavailable',
    async () => {
      await gateway[Symbol.asyncDispose]();
      gateway = await TestGateway.start({ ...everyDialect, MARVEL_MAX_TUNNELS: '1' });
      gateway.fleet.setSubUser(subUser.id, subUser);
      gateway.addExit(exit.port);
      await open();
      return answerTo({});
    },
  ],
  [
    'draining',
    503,
    'Service Unavailable',
    'Service Unavailable',
    async () => {
      gateway.addExit(exit.port);
      const opened = await open();
      const late = await Wire.open(addressOf(gateway, 'residential'));
      // The 407 shows that what came with it has been read too: half a request, which keeps the connection open.
      const request = subUserConnect();
      late.send(subUserConnect({ username: null }) + request.slice(0, 20));
      await late.answer();
      gateway.refusals.length = 0;
      const closed = gateway.gateway.close();
      late.send(request.slice(20));
      const answer = await late.answer();
      opened.close();
      await closed;
      return answer;
    },
  ],
  [
    'stale_state',
    503,
    'Service Unavailable',
    'Service Unavailable',
    () => {
      gateway.fleet.stale = true;
      return answerTo({});
    },
  ],
];

describe('a proxies.fo listener', () => {
  test('has a row below for each failure that a client of it can cause', () => {
    const told = failureCodes.filter((code) => failureEntry(code).proxiesFo !== null);
    // The Marvel target has no place in this dialect.
    const never = told.filter((code) => /^target_(?:missing|asn|unknown|duplicate|malformed|invalid_min)/.test(code));
    expect(rows.map(([code]) => code).toSorted()).toEqual(told.filter((code) => !never.includes(code)).toSorted());
  });

  test.each(rows)('tells %s as %i %s', async (code, status, phrase, body, cause) => {
    const answer = await cause();
    expect(answer.statusLine).toBe(`HTTP/1.1 ${status} ${phrase}`);
    expect(answer.body).toBe(body);
    expect(answer.fields.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.fields.get('proxy-authenticate')).toBe(status === 407 ? 'Basic realm="proxy"' : undefined);
    expect(gateway.refusals.map((event) => [event.dialect, event.code])).toEqual([['proxies-fo', code]]);
    for (const spender of gateway.meter.spenders) expect(spender.bytesUp + spender.bytesDown).toBe(0);
  });

  test('opens a tunnel that spends from the account and the caps of the sub-user', async () => {
    gateway.addExit(exit.port);
    gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { bytes_per_day: 1000, bytes_total: 5000 } });
    const { wire, answer } = await ask();
    expect(answer.statusLine).toBe('HTTP/1.1 200 Connection established');
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
    expect(gateway.meter.spenders[0]?.spending).toEqual({
      account,
      credential: 'su_0001',
      budgets: [account, 'su_0001/day', 'su_0001/total'],
      exit: 'ext_0001',
      country: 'US',
      network: 'residential',
      dialect: 'proxies-fo',
    });
    wire.finish();
    await eventually(() => {
      expect(gateway.tunnels).toMatchObject([{ credential: 'su_0001', bytesUp: 5, bytesDown: 5, end: 'completed' }]);
    });
  });

  test('takes exits of its own network, and no modifiers but on the residential one', async () => {
    for (const network of ['residential', 'isp', 'datacenter'] as const) gateway.addExit(exit.port, { network });
    for (const network of ['residential', 'isp', 'datacenter'] as const) {
      const { wire, answer } = await ask({}, network);
      expect(answer.status).toBe(200);
      wire.close();
      const targeted = await answerTo({ username: 'alice-country-us' }, network);
      expect([targeted.status, targeted.body]).toEqual(network === 'residential' ? [200, ''] : [407, incorrect]);
    }
    const used = gateway.meter.spenders.map(({ spending }) => [spending.exit, spending.network]);
    expect(used.slice(0, 2)).toEqual([
      ['ext_0001', 'residential'],
      ['ext_0001', 'residential'],
    ]);
    expect(used.slice(2)).toEqual([
      ['ext_0002', 'isp'],
      ['ext_0003', 'datacenter'],
    ]);
  });
});

describe('who is not known to a proxies.fo listener', () => {
  test('gets one and the same 407, whatever is wrong and whatever is asked, on a connection that stays open', async () => {
    gateway.fleet.setSubUser('su_0002', { ...subUser, username: 'paused', limits: { paused: true } });
    gateway.fleet.setSubUser('su_0003', { ...subUser, username: 'elsewhere', limits: { source_ips: ['192.0.2.1'] } });
    gateway.fleet.setSubUser('su_0004', { ...subUser, username: 'suspended', account: 'acc_0002' });
    const { wire, answer: first } = await ask({ username: null });
    expect([first.status, first.body]).toEqual([407, incorrect]);
    const others: SubUserRequest[] = [
      { password: 'wrong' },
      { password: '' },
      { username: 'nobody' },
      { username: '' },
      { username: 'Alice' },
      { username: 'paused' },
      { username: 'elsewhere' },
      { username: 'suspended' },
      { username: 'nobody-country-zz' },
      { username: 'nobody', fields: 'Expect: 100-continue\r\n' },
      { username: 'nobody', to: '127.0.0.1:25' },
      { username: gateway.key },
      { username: makeProxyKey('live', randomBytes), password: 'country-US' },
      { username: null, fields: 'Proxy-Authorization: Bearer abc\r\n' },
    ];
    for (const request of others) {
      wire.send(subUserConnect(request));
      expect(withoutId(await wire.answer())).toBe(withoutId(first));
    }
    expect(gateway.meter.refusals).toEqual([]);
    gateway.addExit(exit.port);
    wire.send(subUserConnect());
    expect((await wire.answer()).status).toBe(200);
  });

  test('is not who only spells a modifier wrong: that bans nobody', async () => {
    await gateway[Symbol.asyncDispose]();
    gateway = await TestGateway.start({ ...everyDialect, MARVEL_BAN_REFUSALS: '2' });
    gateway.fleet.setSubUser(subUser.id, subUser);
    gateway.addExit(exit.port);
    for (let time = 0; time < 5; time += 1) {
      expect((await answerTo({ username: 'alice-asn-7922' })).body).toBe(incorrect);
    }
    await open();
    await answerTo({ password: 'wrong' });
    await answerTo({ password: 'wrong' });
    expect((await answerTo({})).status).toBe(407);
  });

  test('has the Marvel listener for keys, which knows no sub-users', async () => {
    gateway.addExit(exit.port);
    const { answer } = await askAt(gateway.address, connectRequest(destination, { key: 'alice', target: 'se:cret-1' }));
    expect(answer.status).toBe(407);
  });
});

describe('modifiers', () => {
  beforeEach(() => {
    gateway.addExit(exit.port, { country: 'US', state: 'ca', city: 'losangeles', grade: 'B' });
    gateway.addExit(exit.port, { country: 'US', state: 'ny', city: 'newyork' });
    gateway.addExit(exit.port, { country: 'DE', state: 'be', city: 'berlin', grade: 'B' });
  });

  test.each([
    ['-country-de', 'ext_0003'],
    ['-country-us', 'ext_0002'],
    ['-country-us-state-ca', 'ext_0001'],
    ['-country-us-state-ca-city-ran', 'ext_0001'],
    ['-country-us-city-losangeles', 'ext_0001'],
    ['-city-berlin-country-de', 'ext_0003'],
    ['', 'ext_0002'],
  ])('%j are served by %s', async (modifiers, expected) => {
    expect(await exitFor(modifiers)).toBe(expected);
  });

  test.each([
    ['-country-us-state-tx', 503, 'Service Unavailable'],
    ['-country-fr', 503, 'Service Unavailable'],
    ['-country-us-state-tx-city-ran', 503, 'Service Unavailable'],
    ['-country-us-state-ny-city-losangeles', 454, 'invalid city code'],
  ])('%s find nobody: %i', async (modifiers, status, body) => {
    const answer = await answerTo({ username: `alice${modifiers}` });
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  test('without a country stay within those of the sub-user; another one is forbidden', async () => {
    gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { countries: ['DE', 'FR'] } });
    expect(await exitFor('')).toBe('ext_0003');
    expect(await exitFor('-session-s')).toBe('ext_0003');
    expect((await answerTo({ username: 'alice-country-us' })).status).toBe(403);
  });

  test('pin a session to its exit, for as long as ttl says', async () => {
    for (let index = 0; index < 6; index += 1) gateway.addExit(exit.port, { country: 'JP' });
    const first = await exitFor('-country-jp-session-a-ttl-90');
    expect(first).toBeDefined();
    for (let time = 0; time < 4; time += 1) expect(await exitFor('-country-jp-session-a-ttl-90')).toBe(first);
    await exitFor('-country-jp-session-b');
    const minutesLeft = gateway.meter.pins.map(({ session, expires_at }) => {
      return [session, Math.round((Date.parse(expires_at) - Date.now()) / 60_000)];
    });
    expect(minutesLeft).toEqual([
      ['a', 90],
      ['b', 10],
    ]);
  });
});

describe('a tunnel of a sub-user is cut', () => {
  const changes: readonly (readonly [string, () => void])[] = [
    ['when it is paused', () => gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { paused: true } })],
    ['when its password changes', () => gateway.fleet.setSubUser(subUser.id, { ...subUser, password: 'other' })],
    [
      'when it is deleted',
      () => {
        gateway.fleet.subUsers.delete(subUser.id);
        gateway.fleet.tell({ kind: 'tombstone', of: 'sub_user', id: subUser.id });
      },
    ],
  ];

  test.each(changes)('%s', async (_when, change) => {
    gateway.addExit(exit.port);
    const wire = await open();
    gateway.fleet.setSubUser('su_0002', { ...subUser, username: 'bob' });
    const other = await open({ username: 'bob' });
    change();
    await wire.ended;
    await eventually(() => {
      expect(gateway.tunnels).toMatchObject([{ credential: subUser.id, end: 'credential_ended' }]);
    });
    other.send('still here');
    expect((await other.bytes(10)).toString()).toBe('still here');
    expect((await answerTo({})).status).toBe(407);
  });

  test('not when only its limits change', async () => {
    gateway.addExit(exit.port);
    const wire = await open();
    gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { threads: 1 } });
    wire.send('still here');
    expect((await wire.bytes(10)).toString()).toBe('still here');
  });
});
