import type { AuthorizedSourceRecord } from '@marvel/shared/feed';
import { type FailureCode, failureCodes, failureEntry } from '@marvel/shared/failures';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../test-support/event-log.ts';
import { sourceRecord } from '../test-support/records.ts';
import { answers, echoes, ScriptedExit } from '../test-support/scripted-exit.ts';
import {
  addressOf,
  ask as askAt,
  everyDialect,
  subUser,
  subUserConnect,
  type SubUserRequest,
} from '../test-support/sub-user-client.ts';
import { account, TestGateway } from '../test-support/test-gateway.ts';
import { Wire, type WireAnswer } from '../test-support/wire.ts';

let gateway: TestGateway;
let exit: ScriptedExit;
beforeEach(async () => {
  await start();
  exit = await ScriptedExit.start(echoes);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await exit[Symbol.asyncDispose]();
});

async function start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
  gateway = await TestGateway.start({ ...everyDialect, ...settings });
  gateway.fleet.setSubUser(subUser.id, subUser);
}

function ask(request: SubUserRequest = {}) {
  return askAt(addressOf(gateway, 'proxymesh'), subUserConnect(request));
}

async function open(request: SubUserRequest = {}): Promise<Wire> {
  const { wire, answer } = await ask(request);
  expect(answer.status).toBe(200);
  return wire;
}

async function answerTo(request: SubUserRequest = {}): Promise<WireAnswer> {
  return (await ask(request)).answer;
}

/** The exit IP that a client is told of; the status where it is refused. */
async function exitIpFor(fields: string): Promise<string | number | undefined> {
  const { wire, answer } = await ask({ fields });
  wire.close();
  return answer.status === 200 ? answer.fields.get('x-proxymesh-ip') : answer.status;
}

/** Lets those in who come from where the tests do. */
function authorise(changes: Partial<AuthorizedSourceRecord> = {}): AuthorizedSourceRecord {
  const record = sourceRecord('src_0001', { addresses: ['127.0.0.1'], account, ...changes });
  gateway.fleet.sources.set('127.0.0.1', record);
  gateway.fleet.tell(record);
  return record;
}

const noCredentials = { username: null };
type Row = readonly [code: FailureCode, status: number, phrase: string, ask: () => Promise<WireAnswer>];
const rows: readonly Row[] = [
  [
    'bad_request',
    400,
    'Bad Request',
    () => answerTo({ fields: `X-ProxyMesh-Country: ${Array.from({ length: 40 }, () => 'US').join()}\r\n` }),
  ],
  ['unauthenticated', 407, 'Proxy Authentication Required', () => answerTo({ password: 'wrong' })],
  ['target_invalid_country', 400, 'Bad Request', () => answerTo({ fields: 'X-ProxyMesh-Country: US, USA\r\n' })],
  [
    'balance_exhausted',
    402,
    'Payment Required',
    () => {
      gateway.meter.standingNow = 'balance_exhausted';
      return answerTo();
    },
  ],
  [
    'cap_exhausted',
    509,
    'Bandwidth Limit Exceeded',
    () => {
      gateway.meter.standingNow = 'cap_exhausted';
      return answerTo();
    },
  ],
  [
    'threads_exhausted',
    429,
    'Too Many Requests',
    async () => {
      gateway.addExit(exit.port);
      gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { threads: 1 } });
      await open();
      return answerTo();
    },
  ],
  ['destination_forbidden', 403, 'Forbidden', () => answerTo({ to: '127.0.0.1:443' })],
  ['no_capacity', 503, 'Service Unavailable', () => answerTo()],
  [
    'gateway_error',
    502,
    'Bad Gateway',
    () => {
      exit.script = answers('HTTP/1.1 500 No\r\n\r\n');
      gateway.addExit(exit.port);
      return answerTo();
    },
  ],
  [
    'overloaded',
    503,
    'Service Unavailable',
    async () => {
      await gateway[Symbol.asyncDispose]();
      await start({ MARVEL_MAX_TUNNELS: '1' });
      gateway.addExit(exit.port);
      await open();
      return answerTo();
    },
  ],
  [
    'draining',
    503,
    'Service Unavailable',
    async () => {
      gateway.addExit(exit.port);
      const opened = await open();
      const late = await Wire.open(addressOf(gateway, 'proxymesh'));
      // The 407 shows that what came with it has been read too: half a request, which keeps the connection open.
      const request = subUserConnect();
      late.send(subUserConnect({ password: 'wrong' }) + request.slice(0, 20));
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
    () => {
      gateway.fleet.stale = true;
      return answerTo();
    },
  ],
];

describe('the ProxyMesh listener', () => {
  test('has a row below for each failure that a client of it can cause', () => {
    const told = failureCodes.filter((code) => failureEntry(code).proxymesh !== null);
    // What only the Marvel target can have wrong.
    const never = told.filter((code) => code.startsWith('target_') && code !== 'target_invalid_country');
    expect(rows.map(([code]) => code).toSorted()).toEqual(told.filter((code) => !never.includes(code)).toSorted());
  });

  test.each(rows)('tells %s as %i %s', async (code, status, phrase, cause) => {
    const answer = await cause();
    expect(answer.statusLine).toBe(`HTTP/1.1 ${status} ${phrase}`);
    expect(answer.body).toBe(`${failureEntry(code).reason}\n`);
    expect(answer.fields.get('x-proxymesh-ip')).toBeUndefined();
    expect(answer.fields.get('proxy-authenticate')).toBe(status === 407 ? 'Basic realm="proxy"' : undefined);
    expect(gateway.refusals.map((event) => [event.dialect, event.code])).toEqual([['proxymesh', code]]);
    for (const spender of gateway.meter.spenders) expect(spender.bytesUp + spender.bytesDown).toBe(0);
  });

  test('tells of a fault of ours as of any other', async () => {
    gateway.fleet.exits = () => {
      throw new Error('a bug');
    };
    const answer = await answerTo();
    expect([answer.status, answer.body]).toEqual([502, 'Gateway error\n']);
    expect(gateway.faults.splice(0)).toHaveLength(1);
  });

  test('opens a tunnel for a sub-user, and sends its own fields no further', async () => {
    gateway.addExit(exit.port, { exit_ip: '203.0.113.20' });
    gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { bytes_per_month: 1000 } });
    const { wire, answer } = await ask({ fields: 'X-ProxyMesh-Country: us\r\nX-ProxyMesh-Not-IP: 203.0.113.21\r\n' });
    expect(answer.statusLine).toBe('HTTP/1.1 200 Connection established');
    expect(answer.fields.get('x-proxymesh-ip')).toBe('203.0.113.20');
    wire.send('hello');
    expect((await wire.bytes(5)).toString()).toBe('hello');
    const [spender] = gateway.meter.spenders;
    expect(spender?.spending).toMatchObject({
      account,
      credential: 'su_0001',
      budgets: [account, 'su_0001/month'],
      dialect: 'proxymesh',
    });
    expect(exit.heads.join('').toLowerCase()).not.toContain('proxymesh');
  });
});

describe('an authorised source', () => {
  beforeEach(() => {
    gateway.addExit(exit.port);
  });

  test('needs no credentials, and spends from its account', async () => {
    expect((await answerTo(noCredentials)).status).toBe(407);
    authorise();
    await open(noCredentials);
    const [spender] = gateway.meter.spenders;
    expect(spender?.spending).toMatchObject({ account, credential: 'src_0001', budgets: [account] });
  });

  test('that stands for a sub-user is held to its limits, and counts with it', async () => {
    gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { threads: 1, bytes_total: 10 } });
    authorise({ sub_user: subUser.id });
    const wire = await open(noCredentials);
    expect(gateway.meter.spenders[0]?.spending).toMatchObject({
      account,
      credential: 'su_0001',
      budgets: [account, 'su_0001/total'],
    });
    expect((await answerTo()).status).toBe(429);
    wire.close();
    await eventually(() => {
      expect(gateway.tunnels).toHaveLength(1);
    });
    gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { paused: true } });
    expect((await answerTo(noCredentials)).status).toBe(407);
  });

  test('stands for no sub-user of another account', async () => {
    gateway.fleet.accounts.set('acc_0002', { id: 'acc_0002', status: 'active', balance_bytes: 1, threads: null });
    gateway.fleet.setSubUser('su_0002', { ...subUser, username: 'bob', account: 'acc_0002' });
    authorise({ sub_user: 'su_0002' });
    expect((await answerTo(noCredentials)).status).toBe(407);
  });

  test.each([
    ['wrong credentials', { password: 'wrong' }],
    ['another scheme', { username: null, fields: 'Proxy-Authorization: Bearer abc\r\n' }],
  ])('is not asked where there are %s', async (_what, request) => {
    authorise();
    expect((await answerTo(request)).status).toBe(407);
  });

  test('that nobody has challenges a client without banning it', async () => {
    await gateway[Symbol.asyncDispose]();
    await start({ MARVEL_BAN_REFUSALS: '2' });
    gateway.addExit(exit.port);
    for (let time = 0; time < 5; time += 1) {
      const { wire, answer } = await ask(noCredentials);
      expect(answer.status).toBe(407);
      wire.send(subUserConnect());
      expect((await wire.answer()).status).toBe(200);
      wire.close();
    }
  });

  const changes: readonly (readonly [string, () => void])[] = [
    [
      'is removed',
      () => {
        gateway.fleet.sources.clear();
        gateway.fleet.tell({ kind: 'tombstone', of: 'authorized_source', id: 'src_0001' });
      },
    ],
    [
      'no longer has the address',
      () => {
        const record = authorise({ addresses: ['192.0.2.7'], sub_user: subUser.id });
        gateway.fleet.sources.clear();
        gateway.fleet.tell(record);
      },
    ],
    ['stands for another', () => authorise({ sub_user: null })],
    [
      'stands for a paused sub-user',
      () => gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { paused: true } }),
    ],
  ];

  test.each(changes)('has its tunnels cut when it %s', async (_when, change) => {
    authorise({ sub_user: subUser.id });
    const wire = await open(noCredentials);
    gateway.fleet.setSubUser('su_0002', { ...subUser, username: 'bob' });
    const other = await open({ username: 'bob' });
    change();
    await wire.ended;
    await eventually(() => {
      expect(gateway.tunnels).toMatchObject([{ end: 'credential_ended' }]);
    });
    other.send('still here');
    expect((await other.bytes(10)).toString()).toBe('still here');
  });

  test('keeps its tunnels when its record comes again', async () => {
    authorise({ sub_user: subUser.id });
    const wire = await open(noCredentials);
    authorise({ sub_user: subUser.id, addresses: ['127.0.0.1', '192.0.2.7'] });
    wire.send('still here');
    expect((await wire.bytes(10)).toString()).toBe('still here');
  });
});

describe('X-ProxyMesh fields', () => {
  const [us, usToo, de] = ['203.0.113.1', '203.0.113.2', '203.0.113.3'];
  beforeEach(() => {
    gateway.addExit(exit.port, { country: 'US', exit_ip: us });
    gateway.addExit(exit.port, { country: 'US', exit_ip: usToo, grade: 'B' });
    gateway.addExit(exit.port, { country: 'DE', exit_ip: de, grade: 'A' });
  });

  test.each<readonly [string, string | number]>([
    ['', us],
    ['X-ProxyMesh-Country: de', de],
    ['X-ProxyMesh-Country: FR, DE,US', de],
    ['X-ProxyMesh-Country: FR\r\nX-ProxyMesh-Country: US', us],
    ['X-ProxyMesh-Country: FR', 503],
    ['X-ProxyMesh-Country: ,', us],
    [`X-ProxyMesh-IP: ${usToo}`, usToo],
    [`X-ProxyMesh-IP: ${usToo}\r\nX-ProxyMesh-Country: DE, US`, usToo],
    [`X-ProxyMesh-IP: ${usToo}\r\nX-ProxyMesh-Country: DE`, 503],
    ['X-ProxyMesh-IP: 203.0.113.99', 503],
    ['X-ProxyMesh-IP: nonsense', 503],
    [`X-ProxyMesh-Prefer-IP: ${usToo}`, usToo],
    [`X-ProxyMesh-Prefer-IP: ${usToo}\r\nX-ProxyMesh-Country: DE`, de],
    ['X-ProxyMesh-Prefer-IP: 203.0.113.99', us],
    [`X-ProxyMesh-Not-IP: ${us}`, de],
    [`X-ProxyMesh-Not-IP: ${us}, ${de}`, usToo],
    [`X-ProxyMesh-Not-IP: ${us}\r\nX-ProxyMesh-Not-IP: ${de},${usToo}`, 503],
    [`X-ProxyMesh-Not-IP: ${us}\r\nX-ProxyMesh-IP: ${us}`, 503],
    [`X-ProxyMesh-Not-IP: ${us}\r\nX-ProxyMesh-Prefer-IP: ${us}`, de],
  ])('%j lead to %s', async (fields, expected) => {
    expect(await exitIpFor(fields === '' ? '' : `${fields}\r\n`)).toBe(expected);
  });

  test('name no country that the sub-user may not have', async () => {
    gateway.fleet.setSubUser(subUser.id, { ...subUser, limits: { countries: ['DE'] } });
    expect(await exitIpFor('')).toBe(de);
    expect(await exitIpFor('X-ProxyMesh-Country: FR, DE\r\n')).toBe(403);
    expect(await exitIpFor(`X-ProxyMesh-IP: ${us}\r\n`)).toBe(503);
  });
});
