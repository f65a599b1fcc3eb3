import { CreatedKey } from '@marvel/shared/api/key';
import { type FeedPosition, feedStart, openFeedPage } from '@marvel/shared/feed';
import { contentDigest, signatureHeader } from '@marvel/shared/signature';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, startEdge } from '../../../test-support/edge.ts';
import { enrolGateway, type Gateway, makeBatch, openReply, postBatch } from '../../../test-support/gateway.ts';
import { addExits } from '../../../test-support/reserve.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());
const gateway = await enrolGateway(edge);
const [exit = ''] = await addExits(edge, [{ country: 'US', exitIp: '192.0.2.1' }]);

const unknownToken = `gw_${'0'.repeat(43)}`;

async function readPage(reader: Gateway, since = feedStart, query = '') {
  const reply = await edge.call('GET', `/v1/gateway/feed?since=${since}${query}`, { token: reader.token });
  expect(reply.status).toBe(200);
  const body = new TextEncoder().encode(reply.text);
  expect(reply.headers.get('Content-Digest')).toBe(await contentDigest(body));
  const position: FeedPosition = { fleet: 'test', epoch: 0, cursor: since, issuedAtMs: 0 };
  const page = await openFeedPage(body, reply.headers.get(signatureHeader), edge.feedKeys, position, Date.now());
  if (!page.ok) throw new Error(page.error);
  return page.value;
}

async function makeKey(bytes: number): Promise<{ account: string; key: string; token: string }> {
  const { accountId, token } = await edge.signUp(bytes);
  const made = await edge.call('POST', '/v1/keys', { token, body: {} });
  return { account: accountId, key: v.parse(CreatedKey, made.json).id, token };
}

describe('GET /v1/gateway/feed', () => {
  test('gives pages that a gateway believes, and what is new in the next one', async () => {
    const { account, key, token } = await makeKey(1000);
    const snapshot = await readPage(gateway);
    expect(snapshot.to).toBe(snapshot.head);
    expect(snapshot.records).toContainEqual(expect.objectContaining({ kind: 'key', id: key, account, test: false }));
    expect(snapshot.records).toContainEqual(expect.objectContaining({ kind: 'exit', id: exit, grade: 'S' }));
    expect(snapshot.records).toContainEqual(expect.objectContaining({ kind: 'fleet', size: 1 }));

    await edge.call('DELETE', `/v1/keys/${key}`, { token });
    const next = await readPage(gateway, snapshot.to);
    expect(next.records).toEqual([{ kind: 'tombstone', of: 'key', id: key }]);
    const empty = await readPage(gateway, next.to);
    expect(empty).toMatchObject({ from: next.to, to: next.to, head: next.to, records: [] });
    expect(Date.parse(empty.expires_at) - Date.parse(empty.issued_at)).toBe(300_000);
  });

  test('vouches for nothing to a gateway that has seen more than this database has', async () => {
    const since = '999999999.1';
    const reply = await edge.call('GET', `/v1/gateway/feed?since=${since}`, { token: gateway.token });
    const body = new TextEncoder().encode(reply.text);
    const jws = reply.headers.get(signatureHeader);
    const position: FeedPosition = { fleet: 'test', epoch: 1, cursor: since, issuedAtMs: 0 };
    const page = await openFeedPage(body, jws, edge.feedKeys, position, Date.now());
    expect(page).toEqual({ ok: false, error: 'page_rollback' });
  });

  test('gives as many records as are asked for', async () => {
    await makeKey(1000);
    const page = await readPage(gateway, feedStart, '&limit=2');
    expect(page.records).toHaveLength(2);
    expect(page.to).not.toBe(page.head);
  });

  test('refuses who is no gateway, and what is no cursor or limit', async () => {
    for (const token of [undefined, unknownToken, edge.operatorToken, (await edge.signUp()).token]) {
      expectFailure(await edge.call('GET', '/v1/gateway/feed', { token }), 'unauthenticated');
    }
    for (const query of ['since=1', 'since=-1.1', 'since=0x1.1', 'limit=0', 'limit=10001', 'limit=ten', 'other=1']) {
      const reply = await edge.call('GET', `/v1/gateway/feed?${query}`, { token: gateway.token });
      expect([query, reply.status, reply.headers.get('X-Marvel-Error')]).toEqual([query, 422, 'invalid']);
    }
  });
});

describe('tunnels that other gateways have open', () => {
  test('come with each page where threads are limited, by the credential or its account, and end with their gateway', async () => {
    const [one, two, reader] = [await enrolGateway(edge), await enrolGateway(edge), await enrolGateway(edge)];
    const { account, key: unlimited, token } = await makeKey(1000);
    const made = await edge.call('POST', '/v1/keys', { token, body: { limits: { threads: 5 } } });
    const limited = v.parse(CreatedKey, made.json).id;
    const say = async (who: Gateway, tunnels: number) => {
      const open = [limited, unlimited, 'key_nobody'].map((credential) => ({ credential, tunnels }));
      await openReply(edge, await postBatch(edge, who, await makeBatch(who, { open })));
    };
    const heard = async (who: Gateway) => (await readPage(who)).elsewhere.filter((line) => line.account === account);
    const line = (tunnels: number) => ({ credential: limited, account, tunnels });
    await say(one, 2);
    await say(two, 3);
    expect(await heard(reader)).toEqual([line(5)]);
    expect(await heard(one)).toEqual([line(3)]);
    expect(await heard(two)).toEqual([line(2)]);

    await edge.database.query('update account set threads = 9 where id = $1', [account]);
    await say(one, 1);
    await say(two, 0);
    expect(new Set(await heard(reader))).toEqual(new Set([line(1), { ...line(1), credential: unlimited }]));

    await edge.call('DELETE', `/v1/operator/gateways/${one.id}`, { token: edge.operatorToken });
    expect(await heard(reader)).toEqual([]);
  });

  test('are forgotten when their gateway has been silent for a while', async () => {
    const [silent, reader] = [await enrolGateway(edge), await enrolGateway(edge)];
    const { account, token } = await makeKey(1000);
    const made = await edge.call('POST', '/v1/keys', { token, body: { limits: { threads: 5 } } });
    const { id: credential } = v.parse(CreatedKey, made.json);
    await openReply(
      edge,
      await postBatch(edge, silent, await makeBatch(silent, { open: [{ credential, tunnels: 1 }] })),
    );
    const heard = async () => (await readPage(reader)).elsewhere.filter((line) => line.account === account);
    expect(await heard()).toHaveLength(1);
    await edge.database.query(
      "update gateway_tunnels set said_at = said_at - interval '16 seconds' where gateway_id = $1",
      [silent.id],
    );
    expect(await heard()).toEqual([]);
  });
});

describe('POST /v1/gateway/usage', () => {
  test('settles a batch once, and answers a repeat with the same bytes', async () => {
    const { account, key, token } = await makeKey(10_000_000);
    const record = {
      account,
      credential: key,
      exit,
      country: 'US',
      network: 'residential' as const,
      dialect: 'marvel' as const,
      bytes_up: 1000,
      bytes_down: 2000,
      connections: 1,
      refused: {},
    };
    const batch = await makeBatch(gateway, {
      records: [record],
      leases: [{ budget: account, wanted: 1_000_000, returned: 0 }],
    });
    const first = await postBatch(edge, gateway, batch);
    expect(await openReply(edge, first)).toEqual({
      gateway: gateway.id,
      boot: batch.boot,
      seq: 1,
      leases: [{ budget: account, granted: 1_000_000, ttl_ms: 3_600_000, free: true, keep: null }],
    });
    const again = await postBatch(edge, gateway, batch);
    expect(again.text).toBe(first.text);
    await openReply(edge, again);
    const usage = await edge.call('GET', '/v1/usage?group_by=key,exit_grade', { token });
    expect(usage.json).toMatchObject({ balance_bytes: 9_997_000, used_bytes: 3000 });

    const { boot, leases } = batch;
    const other = await makeBatch(gateway, { boot, leases, records: [{ ...record, bytes_up: 1001 }] });
    expectFailure(await postBatch(edge, gateway, other), 'conflict');
    expect((await edge.call('GET', '/v1/usage', { token })).json).toMatchObject({ balance_bytes: 9_997_000 });
  });

  test('knows a batch for good, and what it answered for 30 days', async () => {
    const who = await enrolGateway(edge);
    const { account } = await makeKey(10_000_000);
    const leases = [{ budget: account, wanted: 1_000_000, returned: 0 }];
    const [old, recent] = [await makeBatch(who, { leases }), await makeBatch(who, { leases, seq: 2 })];
    const first = new Map([
      [old, await postBatch(edge, who, old)],
      [recent, await postBatch(edge, who, recent)],
    ]);
    await edge.database.query('alter table usage_batch disable trigger usage_batch_append_only');
    for (const [seq, days] of [
      [1, 31],
      [2, 29],
    ]) {
      await edge.database.query(
        'update usage_batch set received_at = now() - make_interval(days => $2) where gateway_id = $1 and seq = $3',
        [who.id, days, seq],
      );
    }
    await edge.database.query('alter table usage_batch enable trigger usage_batch_append_only');
    await edge.runScheduled();
    const rows = await edge.database.query('select seq::int from usage_batch where gateway_id = $1', [who.id]);
    expect(rows).toEqual([{ seq: 2 }]);
    expect((await postBatch(edge, who, recent)).text).toBe(first.get(recent)?.text);
    expect(await openReply(edge, await postBatch(edge, who, old))).toEqual({
      gateway: who.id,
      boot: old.boot,
      seq: 1,
      leases: [{ budget: account, granted: 0, ttl_ms: 0, free: false, keep: null }],
    });
  });

  test('believes a batch only from the gateway that it names, signed with its key', async () => {
    const other = await enrolGateway(edge);
    expectFailure(await postBatch(edge, gateway, await makeBatch(gateway), other), 'unauthenticated');
    expectFailure(await postBatch(edge, gateway, await makeBatch(other)), 'forbidden');
    const unsigned = { token: gateway.token, body: await makeBatch(gateway) };
    expectFailure(await edge.call('POST', '/v1/gateway/usage', unsigned), 'unauthenticated');
    const stranger = { ...gateway, token: unknownToken };
    expectFailure(await postBatch(edge, stranger, await makeBatch(gateway)), 'unauthenticated');
  });

  test('says what is wrong with a body that is no batch, and holds nothing of it', async () => {
    expectFailure(await postBatch(edge, gateway, '{'), 'bad_request', 'The body is not JSON in UTF-8');
    const { seq: _seq, ...rest } = await makeBatch(gateway);
    expectFailure(await postBatch(edge, gateway, rest), 'invalid', 'seq: is required');
    const wrong = { ...(await makeBatch(gateway)), records: [{ account: 'secret' }] };
    expectFailure(await postBatch(edge, gateway, wrong), 'invalid', 'records.0.account: must be an id');
    const another = await makeBatch(gateway);
    const message = 'receipt.root: is not that of the records';
    const unfit = { ...another, receipt: { ...another.receipt, root: 'A'.repeat(43) } };
    expectFailure(await postBatch(edge, gateway, unfit), 'invalid', message);
    const { receipt } = await makeBatch(gateway, { seq: 2 });
    expectFailure(
      await postBatch(edge, gateway, { ...another, receipt: { ...another.receipt, signature: receipt.signature } }),
      'invalid',
      'receipt.signature: is not that of the gateway over its head',
    );
    const large = { token: gateway.token, announcedBytes: 4 * 1024 * 1024 + 1 };
    const tooLarge = `The body must have at most ${4 * 1024 * 1024} bytes`;
    expectFailure(await edge.call('POST', '/v1/gateway/usage', large), 'payload_too_large', tooLarge);
  });

  test('refuses a gateway from the moment it is revoked, although its batches were taken before', async () => {
    const leaving = await enrolGateway(edge);
    const batch = await makeBatch(leaving);
    await openReply(edge, await postBatch(edge, leaving, batch));
    const operator = { token: edge.operatorToken };
    expect((await edge.call('DELETE', `/v1/operator/gateways/${leaving.id}`, operator)).status).toBe(204);
    expectFailure(
      await postBatch(edge, leaving, await makeBatch(leaving, { boot: batch.boot, seq: 2 })),
      'unauthenticated',
    );
    expectFailure(await edge.call('GET', '/v1/gateway/feed', { token: leaving.token }), 'unauthenticated');
    expectFailure(await edge.call('DELETE', `/v1/operator/gateways/${leaving.id}`, operator), 'not_found');
  });

  test('refuses for good what adds up to more than can be counted, and the batch behind it settles', async () => {
    const { account, key, token } = await makeKey(1000);
    const faulty = await enrolGateway(edge);
    const most = {
      account,
      credential: key,
      exit,
      country: 'US',
      network: 'residential' as const,
      dialect: 'marvel' as const,
      bytes_up: 2 ** 40,
      bytes_down: 2 ** 40,
      connections: 1,
      refused: {},
    };
    const { boot } = await makeBatch(faulty);
    const post = async (seq: number, records: (typeof most)[]) =>
      postBatch(edge, faulty, await makeBatch(faulty, { boot, seq, records }));
    const full = Array.from({ length: 1000 }, () => most);
    for (let seq = 1; seq <= 4; seq += 1) await openReply(edge, await post(seq, full));
    const used = { used_bytes: 4000 * 2 ** 41, balance_bytes: 1000 - 4000 * 2 ** 41 };
    for (let time = 0; time < 2; time += 1) {
      expectFailure(await post(5, full), 'invalid', 'records: add up to more than can be counted');
    }
    expect((await edge.call('GET', '/v1/usage', { token })).json).toMatchObject(used);
    await openReply(edge, await post(6, [{ ...most, bytes_up: 1, bytes_down: 1 }]));
  });

  test('a database that is away is unavailable, and the same batch settles when it is back', async () => {
    const batch = await makeBatch(gateway);
    await edge.database.front.stop();
    expectFailure(await postBatch(edge, gateway, batch), 'unavailable');
    expectFailure(await edge.call('GET', '/v1/gateway/feed', { token: gateway.token }), 'unavailable');
    await edge.database.front.start();
    await openReply(edge, await postBatch(edge, gateway, batch));
  });
});

test('gateways are served during maintenance', async () => {
  const operator = { token: edge.operatorToken };
  const turn = async (on: boolean) => edge.call('PUT', '/v1/operator/maintenance', { ...operator, body: { on } });
  expect((await turn(true)).json).toMatchObject({ maintenance: true });
  const page = await readPage(gateway);
  expect(page.records).toContainEqual(expect.objectContaining({ kind: 'fleet', maintenance: true }));
  await openReply(edge, await postBatch(edge, gateway, await makeBatch(gateway)));
  expect((await turn(false)).json).toMatchObject({ maintenance: false });
});
