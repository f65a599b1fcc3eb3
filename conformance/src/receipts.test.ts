import { LedgerPage } from '@marvel/shared/api/ledger';
import { ReceiptChainPage, ReceiptKeys, ReceiptPage, type SignedHead } from '@marvel/shared/api/receipt';
import { type ReceiptEvidence, verifyReceipts } from '@marvel/shared/receipt/verify-receipts';
import { createStack, type Stack } from '@marvel/dev-stack/create-stack';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { downloadAll } from '../test-support/connect.ts';
import { Customer, readJson } from '../test-support/customer.ts';
import { openTunnel } from '../test-support/open-tunnel.ts';

const creditedBytes = 1_000_000_000;
const origin = () => new URL(stack.info.echo).host;
let stack: Stack;
let one: Customer;
let two: Customer;
let evidence: ReceiptEvidence;
/** Bytes moved for each. */
const spent = new Map<Customer, number>();

beforeAll(async () => {
  stack = await createStack({ ephemeral: true, gateways: 2 });
  [one, two] = [
    await Customer.withBytes(stack.info, creditedBytes),
    await Customer.withBytes(stack.info, creditedBytes),
  ];
  const users = [
    // In the second round, batches hold nothing of the first.
    { customer: one, key: (await one.makeKey()).key, rounds: [1, 3] },
    { customer: two, key: (await two.makeKey()).key, rounds: [1, 2, 3] },
  ];
  for (let round = 1; round <= 3; round += 1) {
    await Promise.all(
      users
        .filter(({ rounds }) => rounds.includes(round))
        .map(async ({ customer, key }) => {
          const moved = await Promise.all(
            stack.info.gateways.map(async ({ marvel }) => download(key, marvel, 100_000 * round)),
          );
          const total = moved.reduce((sum, bytes) => sum + bytes, spent.get(customer) ?? 0);
          spent.set(customer, total);
          // Both gateways have posted everything then, so no batch is missing from the evidence.
          await customer.balanceSettledAt(creditedBytes - total);
        }),
    );
  }
  evidence = await evidenceOf(one);
});
afterAll(() => stack[Symbol.asyncDispose]());

/** Downloads so much through a gateway, and gives what that costs, bytes. */
async function download(username: string, gateway: string, bytes: number): Promise<number> {
  return downloadAll(await openTunnel({ gateway, username, password: 'country-US', authority: origin() }), bytes);
}

async function evidenceOf(customer: Customer): Promise<ReceiptEvidence> {
  const get = async (path: string) => readJson(await customer.call('GET', path));
  const balanceBytes = await customer.balanceBytes();
  const { data: ledger } = v.parse(LedgerPage, await get('/v1/ledger?limit=1000'));
  const { data: receipts } = v.parse(ReceiptPage, await get('/v1/receipts?limit=100'));
  const { keys } = v.parse(ReceiptKeys, await get('/v1/receipts/keys'));
  const chain: SignedHead[] = [];
  for (const { kid } of keys) {
    chain.push(...v.parse(ReceiptChainPage, await get(`/v1/receipts/chain?gateway=${kid}`)).data);
  }
  return { account: customer.accountId, ledger, receipts, keys, chain, balanceBytes };
}

const problemsOf = async (changed: ReceiptEvidence) => (await verifyReceipts(changed)).problems;

test('what two gateways signed gives each customer its balance again, to the byte', async () => {
  for (const customer of [one, two]) {
    const report = await verifyReceipts(await evidenceOf(customer));
    expect(report.problems).toEqual([]);
    expect(report.creditedBytes).toBe(creditedBytes);
    expect(report.receiptedBytes).toBe(spent.get(customer));
    expect(report.receiptedBytes).toBeGreaterThan(2 * 400_000);
    expect(report.balanceBytes).toBe(creditedBytes - (spent.get(customer) ?? 0));
  }
  expect(new Set(evidence.receipts.map(({ head }) => head.gateway)).size).toBe(2);
});

test('any byte of any line that is changed is found', async () => {
  for (const [index, receipt] of evidence.receipts.entries()) {
    for (const [place, line] of receipt.lines.entries()) {
      const lines = receipt.lines.with(place, { ...line, bytes_down: line.bytes_down - 1 });
      const receipts = evidence.receipts.with(index, { ...receipt, lines });
      expect(await problemsOf({ ...evidence, receipts })).toContainEqual({
        code: 'lines_not_signed',
        reference: receipt.reference,
      });
    }
  }
});

test('any receipt that is left out is missed, and so is any batch between two others', async () => {
  for (const [index, { reference }] of evidence.receipts.entries()) {
    const receipts = evidence.receipts.toSpliced(index, 1);
    expect(await problemsOf({ ...evidence, receipts })).toContainEqual({ code: 'receipt_missing', reference });
  }
  const own = new Set(evidence.receipts.map(({ reference }) => reference));
  const between = (evidence.chain ?? []).findIndex(
    ({ head: { gateway, boot, seq } }, index, all) =>
      !own.has(`${gateway}/${boot}/${seq}`) && all[index - 1]?.head.boot === boot && all[index + 1]?.head.boot === boot,
  );
  expect(between).toBeGreaterThan(0);
  const chain = evidence.chain?.toSpliced(between, 1);
  expect((await problemsOf({ ...evidence, chain })).map(({ code }) => code)).toEqual(['chain_gap']);
});

test('a customer is shown nothing of another, and another’s receipt proves nothing of it', async () => {
  const others = await evidenceOf(two);
  const shown = JSON.stringify([evidence.receipts, evidence.chain]);
  expect(shown).not.toContain(two.accountId);
  for (const credential of new Set(others.receipts.flatMap(({ lines }) => lines.map((line) => line.credential)))) {
    expect(shown).not.toContain(credential);
  }
  const problems = await problemsOf({ ...others, account: one.accountId });
  expect(problems.filter(({ code }) => code === 'lines_not_signed')).toHaveLength(others.receipts.length);
});

test('a gateway that restarts goes on with the chain where it was', async () => {
  await stack.gateways[0]?.stop();
  await stack.gateways[0]?.start();
  const { key } = await one.makeKey();
  const before = await one.balanceBytes();
  const moved = await download(key, stack.info.gateways[0]?.marvel ?? '', 50_000);
  expect(await one.balanceSettledAt(before - moved)).toBe(before - moved);
  const after = await evidenceOf(one);
  expect(after.receipts.length).toBeGreaterThan(evidence.receipts.length);
  expect(await problemsOf(after)).toEqual([]);
  const boots = after.chain?.filter(({ head }) => head.seq === 1) ?? [];
  expect(boots.filter(({ head }) => head.previous !== null)).toHaveLength(1);
});
