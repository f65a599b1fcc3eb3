import { LedgerPage } from '@marvel/shared/api/ledger';
import { ReceiptChainPage, ReceiptKeys, ReceiptPage } from '@marvel/shared/api/receipt';
import { CreatedKey } from '@marvel/shared/api/key';
import { headDigest, headOf } from '@marvel/shared/receipt/receipt';
import { verifyReceipts } from '@marvel/shared/receipt/verify-receipts';
import type { UsageRecord } from '@marvel/shared/usage-batch';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectFailure, type SignedUp, startEdge } from '../../../test-support/edge.ts';
import { enrolGateway, type Gateway, makeBatch, openReply, postBatch } from '../../../test-support/gateway.ts';
import { addExits } from '../../../test-support/reserve.ts';

const edge = await startEdge();
afterAll(async () => edge[Symbol.asyncDispose]());

const credit = 1_000_000;
let mine: SignedUp;
let other: SignedUp;
let gateways: readonly Gateway[];
const secrets: string[] = [];

beforeAll(async () => {
  [mine, other] = [await edge.signUp(credit), await edge.signUp(credit)];
  gateways = [await enrolGateway(edge), await enrolGateway(edge)];
  const [exit = ''] = await addExits(edge, [{ country: 'US', exitIp: '192.0.2.1' }]);
  const [mineKey, otherKey] = [await makeKey(mine), await makeKey(other)];
  const use = (account: SignedUp, credential: string, bytes: number): UsageRecord => ({
    account: account.accountId,
    credential,
    exit,
    country: 'US',
    network: 'residential',
    dialect: 'marvel',
    bytes_up: bytes,
    bytes_down: 2 * bytes,
    connections: 1,
    refused: {},
  });
  const refusal: UsageRecord = { ...use(mine, mineKey, 0), exit: null, connections: 0, refused: { no_capacity: 2 } };
  for (const [index, gateway] of gateways.entries()) {
    let previous: string | null = null;
    const boot = String(index).repeat(32);
    const batches = [
      [use(mine, mineKey, 1111), use(other, otherKey, 70_001), refusal],
      [use(other, otherKey, 80_001)],
      [refusal],
      [use(mine, mineKey, 2222)],
    ];
    for (const [place, records] of batches.entries()) {
      const batch = await makeBatch(gateway, { boot, seq: place + 1, previous, records });
      previous = headDigest(headOf(batch));
      secrets.push(batch.receipt.secret);
      await openReply(edge, await postBatch(edge, gateway, batch));
    }
  }
  await edge.call('DELETE', `/v1/operator/gateways/${gateways[1]?.id}`, { token: edge.operatorToken });
});

async function makeKey({ token }: SignedUp): Promise<string> {
  return v.parse(CreatedKey, (await edge.call('POST', '/v1/keys', { token, body: {} })).json).id;
}

async function read(query = '', { token } = mine) {
  const reply = await edge.call('GET', `/v1/receipts${query}`, { token });
  expect(reply.status).toBe(200);
  return v.parse(ReceiptPage, reply.json);
}

async function readChain(gateway: string, query = '') {
  const reply = await edge.call('GET', `/v1/receipts/chain?gateway=${gateway}${query}`, { token: mine.token });
  return v.parse(ReceiptChainPage, reply.json);
}

async function evidenceOf(account: SignedUp) {
  const { token, accountId } = account;
  const { data: ledger } = v.parse(LedgerPage, (await edge.call('GET', '/v1/ledger', { token })).json);
  const { keys } = v.parse(ReceiptKeys, (await edge.call('GET', '/v1/receipts/keys', { token })).json);
  const { balance_bytes: balanceBytes } = v.parse(
    v.object({ balance_bytes: v.number() }),
    (await edge.call('GET', '/v1/usage', { token })).json,
  );
  const chain = [];
  for (const { id } of gateways) chain.push(...(await readChain(id)).data);
  return { account: accountId, ledger, receipts: (await read('', account)).data, chain, keys, balanceBytes };
}

test('an account derives its balance again from what is shown to it, also of a gateway that was revoked', async () => {
  expect(await verifyReceipts(await evidenceOf(mine))).toEqual({
    problems: [],
    openingBytes: 0,
    creditedBytes: credit,
    receiptedBytes: 2 * 3 * 3333,
    balanceBytes: credit - 2 * 3 * 3333,
  });
  expect(await verifyReceipts(await evidenceOf(other))).toMatchObject({
    problems: [],
    balanceBytes: credit - 2 * 3 * 150_002,
  });
});

test('nothing of another account is in what is shown, nor what would let it be guessed', async () => {
  const texts = [
    (await edge.call('GET', '/v1/receipts', { token: mine.token })).text,
    (await edge.call('GET', `/v1/receipts/chain?gateway=${gateways[0]?.id}`, { token: mine.token })).text,
  ];
  for (const text of texts) {
    for (const hidden of [other.accountId, '70001', '80001', ...secrets]) expect(text).not.toContain(hidden);
  }
  expect((await read()).data).toHaveLength(4);
});

test('another account’s receipt in the place of one’s own is found', async () => {
  const own = await evidenceOf(mine);
  const others = await evidenceOf(other);
  const [, ...rest] = own.receipts;
  const stolen = others.receipts.at(-1);
  const { problems } = await verifyReceipts({ ...own, receipts: stolen === undefined ? [] : [stolen, ...rest] });
  expect(problems.map(({ code }) => code)).toContain('lines_not_signed');
  expect(problems.map(({ code }) => code)).toContain('receipt_missing');
});

test('a batch that is gone from the database is missed, whichever it is', async () => {
  const own = await evidenceOf(mine);
  for (let index = 1; index < 4; index += 1) {
    const { problems } = await verifyReceipts({
      ...own,
      chain: own.chain.toSpliced(index, 1),
      receipts: own.receipts.filter(({ head }) => headDigest(head) !== headDigest(own.chain[index]?.head ?? head)),
    });
    expect(problems.length, String(index)).toBeGreaterThan(0);
  }
});

test('pages hold each receipt once, and a period what is of it', async () => {
  const ids: number[] = [];
  let cursor = '';
  for (let pages = 0; pages < 5; pages += 1) {
    const page = await read(`?limit=1${cursor}`);
    ids.push(...page.data.map(({ id }) => id));
    if (page.next_cursor === null) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  const { data } = await read();
  expect(ids).toEqual(data.map(({ id }) => id));
  expect((await read(`?to=${data[0]?.at}`)).data.map(({ id }) => id)).not.toContain(data[0]?.id);
  expect((await read('?to=2020-01-01')).data).toEqual([]);

  const gateway = gateways[0]?.id ?? '';
  const first = await readChain(gateway, '&limit=3');
  const second = await readChain(gateway, `&limit=3&cursor=${first.next_cursor}`);
  expect([...first.data, ...second.data].map(({ head }) => head.seq)).toEqual([1, 2, 3, 4]);
  expect(second.next_cursor).toBeNull();
});

test('Accept: text/csv gives a line for each line of each receipt', async () => {
  const reply = await edge.call('GET', '/v1/receipts?limit=1', { token: mine.token, headers: { Accept: 'text/csv' } });
  const [receipt] = (await read('?limit=1')).data;
  const [line] = receipt?.lines ?? [];
  expect(reply.headers.get('Link')).toContain('rel="next"');
  expect(reply.text.split('\r\n')).toEqual([
    'id,at,reference,credential,exit,country,network,dialect,bytes_up,bytes_down,connections,test',
    `${receipt?.id},${receipt?.at},${receipt?.reference},${line?.credential},${line?.exit},US,residential,marvel,2222,4444,1,`,
    '',
  ]);
});

test.each([
  ['/v1/receipts?limit=101', 'limit: must be an integer from 1 to 100'],
  ['/v1/receipts?from=2026-03-02&to=2026-03-01', 'from: must be before to'],
  ['/v1/receipts/chain', 'gateway: is required'],
  ['/v1/receipts/chain?gateway=x', 'gateway: must be an id'],
])('%s is refused: %s', async (path, message) => {
  expectFailure(await edge.call('GET', path, { token: mine.token }), 'invalid', message);
});

test('who is not signed in is shown nothing', async () => {
  for (const path of ['', '/keys', `/chain?gateway=${gateways[0]?.id}`]) {
    expectFailure(await edge.call('GET', `/v1/receipts${path}`), 'unauthenticated');
  }
});

test('bytes of a test key are in the receipt as signed, marked as such, and the receipt bills what the ledger did', async () => {
  const account = await edge.signUp(credit);
  const { token, accountId } = account;
  const live = await makeKey(account);
  const made = await edge.call('POST', '/v1/keys', { token, body: { mode: 'test' } });
  const gateway = await enrolGateway(edge);
  const use = (credential: string, bytes: number): UsageRecord => ({
    account: accountId,
    credential,
    exit: null,
    country: 'US',
    network: 'residential',
    dialect: 'marvel',
    bytes_up: bytes,
    bytes_down: 0,
    connections: 1,
    refused: {},
  });
  const records = [use(live, 100), use(v.parse(CreatedKey, made.json).id, 7)];
  await openReply(edge, await postBatch(edge, gateway, await makeBatch(gateway, { records })));
  const receipts = v.parse(ReceiptPage, (await edge.call('GET', '/v1/receipts', { token })).json).data;
  expect(receipts).toMatchObject([{ bytes: 100, lines: [{ bytes_up: 100 }, { bytes_up: 7, test: true }] }]);
  const csv = await edge.call('GET', '/v1/receipts', { token, headers: { Accept: 'text/csv' } });
  expect(csv.text.split('\r\n').map((line) => line.split(',').slice(-4).join())).toEqual([
    'bytes_up,bytes_down,connections,test',
    '100,0,1,',
    '7,0,1,true',
    '',
  ]);
  const ledger = v.parse(LedgerPage, (await edge.call('GET', '/v1/ledger', { token })).json).data;
  const { keys } = v.parse(ReceiptKeys, (await edge.call('GET', '/v1/receipts/keys', { token })).json);
  const report = await verifyReceipts({ account: accountId, ledger, receipts, keys, balanceBytes: credit - 100 });
  expect(report).toMatchObject({ problems: [], receiptedBytes: 100, balanceBytes: credit - 100 });
});
