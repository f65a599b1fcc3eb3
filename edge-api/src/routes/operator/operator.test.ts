import { generateKeyPairSync } from 'node:crypto';
import { ExitImportReport, OperatorExitList, OperatorGatewayList, Reconciliation } from '@marvel/shared/api/operator';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge } from '../../../test-support/edge.ts';
import { enrolGateway, makeBatch, openReply, postBatch } from '../../../test-support/gateway.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

const evidence = {
  reachable: true,
  egress_ip_matches: true,
  egress_country: 'US',
  egress_network: 'isp',
  tls_intact: true,
  headers_intact: true,
  dns_at_exit: true,
  blocklists: 0,
  abuse_score: 0,
  connect_ms: 10,
  success_percent: 100,
};
const transport = {
  type: 'http-connect',
  host: '192.0.2.100',
  port: 3128,
  tls: true,
  username: 'u',
  password: 'very-secret',
};

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return edge.call(method, `/v1/operator/${path}`, { token: edge.operatorToken, body, headers });
}

/** The line of an exit, with an address that no other test has. */
let lastByte = 0;
function exitLine(changes: object = {}) {
  lastByte += 1;
  const expires_at = new Date(Date.now() + 3_600_000).toISOString();
  return {
    network: 'isp',
    country: 'US',
    asn: 64_500,
    exit_ip: `192.0.2.${lastByte}`,
    transport,
    expires_at,
    evidence,
    ...changes,
  };
}

async function importExits(...exits: readonly unknown[]) {
  const reply = await call('POST', 'exits', { exits });
  expect(reply.status).toBe(200);
  return v.parse(ExitImportReport, reply.json).data;
}

async function feedRecord(kind: string, id: string): Promise<unknown> {
  const [row] = await edge.database.query<{ body: unknown }>(
    'select body from feed_record where kind = $1 and id = $2',
    [kind, id],
  );
  return row?.body;
}

async function audited(target: string): Promise<readonly string[]> {
  const rows = await edge.database.query<{ action: string }>(
    'select action from operator_audit where target = $1 order by id',
    [target],
  );
  return rows.map(({ action }) => action);
}

describe('gateways', () => {
  test('are enrolled, listed with what they last did, and revoked', async () => {
    const gateway = await enrolGateway(edge);
    expect(gateway.token).toMatch(/^gw_[0-9A-Za-z]{43}$/);
    await edge.call('GET', '/v1/gateway/feed', { token: gateway.token });
    await openReply(
      edge,
      await postBatch(edge, gateway, await makeBatch(gateway, { open: [{ credential: 'key_aaaa', tunnels: 7 }] })),
    );
    const { data } = v.parse(OperatorGatewayList, (await call('GET', 'gateways')).json);
    const listed = data.find(({ id }) => id === gateway.id);
    expect(listed?.last_seen_at).toMatch(/Z$/);
    expect(listed).toMatchObject({
      name: 'test',
      open_tunnels: 7,
      feed_cursor: '0',
    });
    expect((await call('DELETE', `gateways/${gateway.id}`)).status).toBe(204);
    const after = v.parse(OperatorGatewayList, (await call('GET', 'gateways')).json);
    expect(after.data.some(({ id }) => id === gateway.id)).toBe(false);
    expect(await audited(gateway.id)).toEqual(['gateway.enrol', 'gateway.revoke']);
  });

  test('are enrolled once for one Idempotency-Key, with the same token in every answer', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const body = { name: 'once', public_key: publicKey.export({ format: 'jwk' }) };
    const replies = await Promise.all(
      Array.from({ length: 8 }, async () => call('POST', 'gateways', body, { 'Idempotency-Key': 'enrol-1' })),
    );
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 201));
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    const [{ count } = { count: '' }] = await edge.database.query<{ count: string }>(
      `select count(*) from gateway where name = 'once'`,
    );
    expect(count).toBe('1');
  });

  test('need a public Ed25519 key, and never a private one', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const jwk = privateKey.export({ format: 'jwk' });
    expectFailure(
      await call('POST', 'gateways', { name: 'x', public_key: jwk }),
      'invalid',
      'public_key.d: is not known here',
    );
    const short = { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' };
    expectFailure(
      await call('POST', 'gateways', { name: 'x', public_key: short }),
      'invalid',
      'public_key.x: must be 32 bytes in base64url',
    );
  });
});

describe('exits', () => {
  test('are judged line by line: one that is wrong or dropped does not stop the others', async () => {
    const good = exitLine();
    const report = await importExits(
      good,
      exitLine({ evidence: { ...evidence, abuse_score: 60 } }),
      exitLine({ evidence: { ...evidence, egress_country: 'DE' } }),
      exitLine({ country: 'usa' }),
      { ...good, weight: 5 },
      'exit',
      exitLine({ transport: { ...transport, port: 0 } }),
    );
    expect(report.map(({ index, outcome, error }) => [index, outcome, error])).toEqual([
      [0, 'added', null],
      [1, 'added', null],
      [2, 'dropped', 'geo'],
      [3, 'invalid', 'country: must be two upper-case letters'],
      [4, 'invalid', 'is the same exit as line 0'],
      [5, 'invalid', 'must be an object'],
      [6, 'invalid', 'transport.port: must be at least 1'],
    ]);
    expect(await feedRecord('exit', report[0]?.id ?? '')).toMatchObject({ purity: 100, grade: 'S', transport });
    expect(await feedRecord('exit', report[1]?.id ?? '')).toMatchObject({ purity: 85, grade: 'A' });
    expect(report[2]?.id).toBe(null);
  });

  test.each([
    [{ transport: { ...transport, host: 'a\u0000b' } }, 'transport.host: must not hold control characters or spaces'],
    [{ transport: { ...transport, password: 'a\r\nb' } }, 'transport.password: must not hold control characters'],
    [{ transport: { ...transport, username: '\ud800' } }, 'transport.username: must be well-formed Unicode'],
    [{ expires_at: '0000-01-01T00:00:00Z' }, 'expires_at: must be an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z'],
    [
      { expires_at: '9999-12-31T23:59:59.9999999Z' },
      'expires_at: must be an RFC 3339 time in UTC, like 2026-11-20T12:00:00Z',
    ],
  ])('with %j, which neither database nor feed can hold, are refused and stop no other', async (changes, error) => {
    const outcomes = await importExits(exitLine(changes), exitLine());
    expect(outcomes).toMatchObject([
      { index: 0, id: null, outcome: 'invalid', error },
      { index: 1, outcome: 'added' },
    ]);
  });

  test('of the same place are updated, dropped when a gate says so, and taken back when it is well again', async () => {
    const line = exitLine();
    const [first] = await importExits(line);
    const id = first?.id ?? '';
    const other = { ...transport, password: 'other-secret' };
    expect(await importExits({ ...line, transport: other, weight: 7 })).toEqual([
      { index: 0, id, outcome: 'updated', error: null },
    ]);
    expect(await feedRecord('exit', id)).toMatchObject({ weight: 7, transport: other });
    const [dropped] = await importExits({ ...line, evidence: { ...evidence, tls_intact: false } });
    expect(dropped).toEqual({ index: 0, id, outcome: 'dropped', error: 'tls' });
    expect(await feedRecord('exit', id)).toEqual({ kind: 'tombstone', of: 'exit', id });
    expect(await importExits(line)).toEqual([{ index: 0, id, outcome: 'updated', error: null }]);
    expect(await feedRecord('exit', id)).toMatchObject({ kind: 'exit', weight: 100 });
  });

  test('are listed page by page without what opens them, and dropped', async () => {
    const added = await importExits(exitLine(), exitLine(), exitLine());
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 50; pages += 1) {
      const reply = await call('GET', `exits?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(reply.text).not.toContain('secret');
      const page = v.parse(OperatorExitList, reply.json);
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(added.map(({ id }) => id)));

    const id = added[0]?.id ?? '';
    expect((await call('DELETE', `exits/${id}`)).status).toBe(204);
    expectFailure(await call('DELETE', `exits/${id}`), 'not_found');
    expect(await feedRecord('exit', id)).toEqual({ kind: 'tombstone', of: 'exit', id });
  });
});

describe('a price that could not be charged', () => {
  const taken =
    'currency: must be a currency that the payment provider takes at the price as it is written, such as usd, eur, gbp or jpy';
  const code = 'currency: must be the code of a currency (ISO 4217) in lower case, such as usd';
  const plan = { name: 'Pro', bytes: 1_000_000_000, price_cents: 3500, interval: 'month' };

  test.each([
    ['zzz', code],
    ['USD', code],
    ['us', code],
    ['isk', taken],
    ['kwd', taken],
    ['ugx', taken],
  ])('(%s) is refused when the bundle or plan is made, and leaves nothing behind', async (currency, message) => {
    const { interval: _, ...bundle } = { ...plan, currency };
    expectFailure(await call('PUT', 'bundles/bnd_odd0', bundle), 'invalid', message);
    expectFailure(await call('POST', 'plans', { ...plan, currency }), 'invalid', message);
    expect((await call('GET', 'bundles')).text).not.toContain('bnd_odd0');
    expect((await call('GET', 'plans')).text).not.toContain(`"currency":"${currency}"`);
  });

  test('is an account’s own affair in a plan for its customers, if it is in money', async () => {
    const { token } = await edge.signUp();
    const post = async (currency: string) => edge.call('POST', '/v1/plans', { token, body: { ...plan, currency } });
    expect((await post('isk')).status).toBe(201);
    expectFailure(await post('zzz'), 'invalid', code);
  });

  test.each(['usd', 'jpy', 'huf', 'xcg'])('is not one in %s', async (currency) => {
    const { interval: _, ...bundle } = { ...plan, currency };
    expect((await call('PUT', `bundles/bnd_in${currency}`, bundle)).json).toMatchObject({ currency });
    await call('DELETE', `bundles/bnd_in${currency}`);
    expect((await call('POST', 'plans', { ...plan, currency })).status).toBe(201);
  });
});

describe('bundles', () => {
  test('are put on sale and changed', async () => {
    const bundle = { name: '10 GB', bytes: 10_000_000_000, price_cents: 3500, currency: 'usd' };
    expect((await call('PUT', 'bundles/bnd_ten10', bundle)).json).toEqual({ id: 'bnd_ten10', ...bundle });
    await call('PUT', 'bundles/bnd_ten10', { ...bundle, price_cents: 3000 });
    const listed = await edge.call('GET', '/v1/bundles');
    expect(listed.json).toMatchObject({ data: [{ id: 'bnd_ten10', price_cents: 3000 }] });
    expectFailure(
      await call('PUT', 'bundles/bnd_ten10', { ...bundle, bytes: 0 }),
      'invalid',
      'bytes: must be at least 1',
    );
    expect(await audited('bnd_ten10')).toEqual(['bundle.save', 'bundle.save']);
  });
});

describe('the fleet', () => {
  test('gets its policy, which the feed carries', async () => {
    const policy = { ports: [443], allow: [{ host: '127.0.0.1', port: 8888 }], own_addresses: ['192.0.2.200'] };
    expect((await call('PUT', 'fleet', { policy })).json).toMatchObject({ policy, epoch: 1 });
    expect((await call('GET', 'fleet')).json).toMatchObject({ policy, maintenance: false });
    expect(await feedRecord('fleet', 'fleet')).toMatchObject({ policy });
    expectFailure(
      await call('PUT', 'fleet', { policy: { ...policy, allow: [{ host: 'a\u0000', port: 1 }] } }),
      'invalid',
      'policy.allow.0.host: must not hold control characters or spaces',
    );
  });
});

describe('balances', () => {
  test('are adjusted once for one Idempotency-Key, up and down', async () => {
    const { accountId, token } = await edge.signUp();
    const adjust = async (bytes: number, key: string, reason = 'goodwill') =>
      call('POST', `accounts/${accountId}/adjust`, { bytes, reason }, { 'Idempotency-Key': key });
    const replies = await Promise.all(Array.from({ length: 8 }, async () => adjust(5000, 'a')));
    expect(replies.map(({ json }) => json)).toEqual(
      replies.map(() => ({ account_id: accountId, balance_bytes: 5000 })),
    );
    expect((await adjust(-2000, 'b')).json).toEqual({ account_id: accountId, balance_bytes: 3000 });
    expect((await edge.call('GET', '/v1/usage', { token })).json).toMatchObject({ balance_bytes: 3000 });
    expectFailure(await adjust(0, 'c'), 'invalid', 'bytes: must not be 0');
    const tooMuch = 'bytes: would take the balance past what can be counted';
    expectFailure(await adjust(2 ** 53 - 1, 'd'), 'invalid', tooMuch);
    expect((await adjust(1, 'd')).json).toMatchObject({ balance_bytes: 3001 });
    expectFailure(await call('POST', 'accounts/acc_nobody/adjust', { bytes: 1, reason: 'x' }), 'not_found');
  });

  test('add up, and a batch that could not be credited shows', async () => {
    const gateway = await enrolGateway(edge);
    const record = {
      exit: null,
      country: null,
      network: null,
      dialect: 'marvel',
      bytes_up: 1,
      bytes_down: 1,
      connections: 1,
      refused: {},
    } as const;
    const batch = await makeBatch(gateway, {
      records: [{ account: 'acc_nobody', credential: 'key_nobody', ...record }],
    });
    await openReply(edge, await postBatch(edge, gateway, batch));
    const source = `${gateway.id}/${batch.boot}/1`;
    const { problems, anomalies } = v.parse(Reconciliation, (await call('GET', 'reconcile')).json);
    expect(problems).toEqual([]);
    expect(anomalies).toContainEqual(expect.objectContaining({ kind: 'unknown_account', source }));
  });
});

test('every operator route refuses whoever is no operator', async () => {
  const { token } = await edge.signUp();
  const gateway = await enrolGateway(edge);
  const routes = [
    ['POST', 'gateways'],
    ['GET', 'gateways'],
    ['DELETE', `gateways/${gateway.id}`],
    ['POST', 'exits'],
    ['GET', 'exits'],
    ['DELETE', 'exits/ext_aaaa'],
    ['PUT', 'bundles/bnd_aaaa'],
    ['GET', 'fleet'],
    ['PUT', 'fleet'],
    ['PUT', 'maintenance'],
    ['POST', 'accounts/acc_aaaa/adjust'],
    ['GET', 'reconcile'],
  ] as const;
  for (const [method, path] of routes) {
    for (const other of [undefined, token, gateway.token, `${edge.operatorToken}x`]) {
      expectFailure(await edge.call(method, `/v1/operator/${path}`, { token: other }), 'unauthenticated');
    }
  }
});
