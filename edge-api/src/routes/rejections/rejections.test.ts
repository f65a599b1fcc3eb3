import { RejectionPage } from '@marvel/shared/api/rejection';
import { failures } from '@marvel/shared/failures';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectFailure, startEdge, type SignedUp } from '../../../test-support/edge.ts';
import { enrolGateway, makeBatch, postBatch } from '../../../test-support/gateway.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

let account: SignedUp;
let key = '';
let subUser = '';

async function make(path: string, body: unknown = {}): Promise<string> {
  const reply = await edge.call('POST', path, { token: account.token, body });
  return v.parse(v.object({ id: v.string() }), reply.json).id;
}

beforeAll(async () => {
  account = await edge.signUp();
  key = await make('/v1/keys');
  subUser = await make('/v1/sub-users', { username: 'refused_one' });
  const gateway = await enrolGateway(edge);
  const boot = '0'.repeat(32);
  const record = (credential: string, dialect: 'marvel' | 'socks5', refused: Record<string, number>) => ({
    account: account.accountId,
    credential,
    exit: null,
    country: null,
    network: null,
    dialect,
    bytes_up: 0,
    bytes_down: 0,
    connections: 0,
    refused,
  });
  const batches = [
    [record(key, 'marvel', { no_capacity: 2, target_malformed: 1 })],
    [record(key, 'marvel', { no_capacity: 3 }), record(subUser, 'socks5', { threads_exhausted: 7 })],
  ];
  for (const [index, records] of batches.entries()) {
    await postBatch(edge, gateway, await makeBatch(gateway, { boot, seq: index + 1, records }));
  }
});

async function read(query = '', token = account.token) {
  const reply = await edge.call('GET', `/v1/rejections${query}`, { token });
  expect(reply.status).toBe(200);
  return v.parse(RejectionPage, reply.json);
}

test('counts what gateways refused by code, credential and dialect, and says what fixes it', async () => {
  const { data, next_cursor } = await read();
  expect(next_cursor).toBeNull();
  expect(data).toHaveLength(3);
  expect(data.at(-1)?.code).toBe('target_malformed');
  const { reason, fix } = failures.no_capacity;
  const row = data.find(({ code }) => code === 'no_capacity');
  expect(row).toEqual({
    code: 'no_capacity',
    count: 5,
    last_at: row?.last_at,
    key,
    sub_user: null,
    authorized_source: null,
    dialect: 'marvel',
    reason,
    fix,
    docs: 'http://api.example/docs/errors#no_capacity',
  });
  expect(data.find(({ code }) => code === 'threads_exhausted')).toMatchObject({
    key: null,
    sub_user: subUser,
    dialect: 'socks5',
    count: 7,
  });
});

test('pages hold each row once, in the order of the last refusal', async () => {
  const whole = (await read()).data;
  const seen: unknown[] = [];
  let cursor = '';
  for (let pages = 0; pages < 4; pages += 1) {
    const page = await read(`?limit=1${cursor}`);
    seen.push(...page.data);
    if (page.next_cursor === null) break;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
  expect(seen).toEqual(whole);
});

test('a code and a period leave out what is not of them', async () => {
  expect((await read('?code=target_malformed')).data).toMatchObject([{ count: 1 }]);
  expect((await read('?from=2026-01-01&to=2026-01-02')).data).toEqual([]);
});

test('Accept: text/csv gives the same rows as CSV', async () => {
  const headers = { Accept: 'text/csv, */*;q=0.1' };
  const { text } = await edge.call('GET', '/v1/rejections?code=no_capacity', { token: account.token, headers });
  const [header, row, end] = text.split('\r\n');
  expect(header).toBe('code,count,last_at,key,sub_user,authorized_source,dialect,reason,fix,docs');
  expect(row).toMatch(new RegExp(`^no_capacity,5,[^,]+,${key},,,marvel,No live capacity`));
  expect(end).toBe('');
});

test('another account sees nothing of it, not even behind a cursor of this one', async () => {
  const { token } = await edge.signUp();
  expect((await read('', token)).data).toEqual([]);
  const { next_cursor: cursor } = await read('?limit=1');
  expect((await read(`?cursor=${encodeURIComponent(cursor ?? '')}`, token)).data).toEqual([]);
});

test.each([
  ['limit=1001', 'limit: must be an integer from 1 to 1000'],
  ['from=2026-03-02&to=2026-03-01', 'from: must be before to'],
])('?%s is refused: %s', async (query, message) => {
  expectFailure(await edge.call('GET', `/v1/rejections?${query}`, { token: account.token }), 'invalid', message);
});
