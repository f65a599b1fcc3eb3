import { exportJWK, generateKeyPair, type JWK } from 'jose';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../api/ledger.ts';
import type { Receipt } from '../api/receipt.ts';
import { importSigningKey, type SigningKey } from '../signature.ts';
import {
  type BillableRecord,
  headDigest,
  leavesOf,
  proveLines,
  type ReceiptHead,
  type ReceiptLine,
  rootOf,
  sealReceipt,
} from './receipt.ts';
import { type ReceiptEvidence, verifyReceipts } from './verify-receipts.ts';

const gateway = 'gtw_0001';
const boot = '0123456789abcdef0123456789abcdef';
const secret = (seq: number) => String(seq).padEnd(43, 'A');
const [mine, other] = ['acc_mine', 'acc_other'];

let signer: SigningKey;
let keys: JWK[];
beforeAll(async () => {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: gateway };
  signer = await importSigningKey(jwk);
  const { d: _d, ...publicJwk } = jwk;
  keys = [publicJwk];
});

function record(account: string, bytes: number): BillableRecord {
  return {
    account,
    credential: `key_${account.slice(4)}`,
    exit: 'ext_0001',
    country: 'US',
    network: 'residential',
    dialect: 'marvel',
    bytes_up: bytes,
    bytes_down: 1,
    connections: 1,
  };
}

interface Batch {
  readonly head: ReceiptHead;
  readonly signature: string;
  readonly records: readonly BillableRecord[];
}

/** A gateway's batches, one after the other. */
async function sealAll(all: readonly (readonly BillableRecord[])[]): Promise<readonly Batch[]> {
  const batches: Batch[] = [];
  for (const [index, records] of all.entries()) {
    const before = batches.at(-1);
    const unsigned = {
      gateway,
      boot,
      seq: index + 1,
      previous: before === undefined ? null : headDigest(before.head),
      opened_at: '2026-11-20T12:00:00.000Z',
      closed_at: '2026-11-20T12:00:01.000Z',
    };
    const { root, signature } = await sealReceipt({ ...unsigned, records }, secret(index + 1), signer);
    batches.push({ head: { ...unsigned, root }, signature, records });
  }
  return batches;
}

/** What an account is shown of batches. */
function evidenceOf(account: string, batches: readonly Batch[], creditBytes: number): ReceiptEvidence {
  const paidAt = '2026-11-20T12:00:02.000Z';
  let balance = creditBytes;
  const credit = { cause: 'payment', reference: 'pi_1', note: null, bytes: creditBytes, balance_bytes: creditBytes };
  const ledger: LedgerEntry[] = [{ id: 1, at: paidAt, ...credit } as LedgerEntry];
  const receipts: Receipt[] = [];
  for (const { head, signature, records } of batches) {
    const own = records.filter((one) => one.account === account && one.bytes_up + one.bytes_down > 0);
    const lines = own.map(({ account: _account, ...line }) => line);
    const proof = proveLines(secret(head.seq), leavesOf(secret(head.seq), records), account, lines);
    if (proof === undefined) continue;
    const bytes = lines.reduce((sum, line) => sum + line.bytes_up + line.bytes_down, 0);
    const reference = `${gateway}/${boot}/${head.seq}`;
    balance -= bytes;
    const id = head.seq + 1;
    ledger.push({ id, at: paidAt, cause: 'batch', reference, note: null, bytes: -bytes, balance_bytes: balance });
    receipts.push({ id, at: paidAt, reference, bytes, lines, proof, head, signature });
  }
  const chain = batches.map(({ head, signature }) => ({ head, signature }));
  return { account, ledger, receipts, chain, keys, balanceBytes: balance };
}

async function problems(evidence: ReceiptEvidence): Promise<readonly string[]> {
  return [...new Set((await verifyReceipts(evidence)).problems.map(({ code }) => code))];
}

const traffic = [
  [record(mine, 100), record(other, 7), record(mine, 20)],
  [record(other, 9)],
  [],
  [record(mine, 3), record(other, 7)],
];

describe('receipts of a gateway', () => {
  test('give each account its balance again, to the byte', async () => {
    const batches = await sealAll(traffic);
    expect(await verifyReceipts(evidenceOf(mine, batches, 1000))).toEqual({
      problems: [],
      openingBytes: 0,
      creditedBytes: 1000,
      receiptedBytes: 126,
      balanceBytes: 874,
    });
    expect(await verifyReceipts(evidenceOf(other, batches, 50))).toMatchObject({ problems: [], balanceBytes: 24 });
  });

  test('of a later stretch start from the balance before it', async () => {
    const { ledger, receipts, ...rest } = evidenceOf(mine, await sealAll(traffic), 1000);
    const late = { ...rest, ledger: ledger.slice(2), receipts: receipts.slice(1) };
    expect(await verifyReceipts(late)).toMatchObject({ problems: [], openingBytes: 878, balanceBytes: 874 });
  });

  test('hold under any mix of accounts and batches', async () => {
    const use = fc.tuple(fc.nat(30), fc.nat(5)).map(([n, bytes]) => record(`acc_${1000 + n}`, bytes));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(use, { maxLength: 60 }), { maxLength: 4 }), async (all) => {
        const batches = await sealAll(all);
        for (const account of new Set(all.flat().map((one) => one.account))) {
          expect(await problems(evidenceOf(account, batches, 10_000))).toEqual([]);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('of a thousand accounts in one batch are proved like one’s alone, and tell nothing of how many there are', async () => {
    const records = Array.from({ length: 1000 }, (_, n) => record(`acc_${1000 + n}`, n));
    const [full] = await sealAll([records]);
    const [alone] = await sealAll([[record('acc_1500', 500)]]);
    const paths = [full, alone].map((batch) => {
      const evidence = evidenceOf('acc_1500', batch === undefined ? [] : [batch], 10_000);
      return { path: evidence.receipts[0]?.proof.path ?? [], evidence };
    });
    for (const { path, evidence } of paths) {
      expect(new Set(path.map((node) => node.length))).toEqual(new Set([43]));
      expect(path).toHaveLength(10);
      expect(await problems(evidence)).toEqual([]);
    }
  });
});

describe('what was changed is found', () => {
  const changes: [string, (own: ReceiptEvidence, others: ReceiptEvidence) => ReceiptEvidence, string][] = [
    ['a byte', (own) => withFirst(own, (r) => changeLine(r, { bytes_up: 99 })), 'lines_not_signed'],
    ['a byte moved to another line', (own) => withFirst(own, moveByte), 'lines_not_signed'],
    ['the country of a line', (own) => withFirst(own, (r) => changeLine(r, { country: 'DE' })), 'lines_not_signed'],
    ['a line left out', (own) => withFirst(own, (r) => ({ ...r, lines: r.lines.slice(1) })), 'lines_not_signed'],
    [
      'lines in another order',
      (own) => withFirst(own, (r) => ({ ...r, lines: [at(r.lines, 1), at(r.lines, 0)] })),
      'lines_not_signed',
    ],
    [
      'another place',
      (own) => withFirst(own, (r) => ({ ...r, proof: { ...r.proof, slot: r.proof.slot ^ 1 } })),
      'lines_not_signed',
    ],
    [
      'another account’s lines',
      (own, others) => withFirst(own, (r) => ({ ...r, lines: at(others.receipts, 0).lines })),
      'lines_not_signed',
    ],
    ['another account’s receipt', (own, others) => withFirst(own, () => at(others.receipts, 0)), 'lines_not_signed'],
    ['the root', (own) => withFirst(own, (r) => ({ ...r, head: { ...r.head, root: secret(9) } })), 'signature_invalid'],
    [
      'the time',
      (own) => withFirst(own, (r) => ({ ...r, head: { ...r.head, closed_at: r.head.opened_at } })),
      'signature_invalid',
    ],
    [
      'the signature',
      (own) => withFirst(own, (r) => ({ ...r, signature: at(own.receipts, 1).signature })),
      'signature_invalid',
    ],
    ['the batch', (own) => withFirst(own, (r) => ({ ...r, reference: `${gateway}/${boot}/3` })), 'head_of_another'],
    ['the sum', (own) => withFirst(own, (r) => ({ ...r, bytes: r.bytes - 1 })), 'bytes_differ'],
    ['a receipt dropped', (own) => ({ ...own, receipts: own.receipts.slice(1) }), 'receipt_missing'],
    ['a receipt twice', (own) => ({ ...own, receipts: [...own.receipts, at(own.receipts, 0)] }), 'receipt_repeated'],
    ['an entry dropped', (own) => ({ ...own, ledger: without(own.ledger, 1) }), 'ledger_broken'],
    ['the last entry dropped', (own) => ({ ...own, ledger: own.ledger.slice(0, -1) }), 'receipt_unbilled'],
    [
      'an entry and its receipt dropped',
      (own) => ({ ...own, ledger: own.ledger.slice(0, -1), receipts: own.receipts.slice(0, -1) }),
      'balance_differs',
    ],
    ['the balance', (own) => ({ ...own, balanceBytes: 873 }), 'balance_differs'],
    ['a batch dropped between', (own) => ({ ...own, chain: without(own.chain ?? [], 1) }), 'chain_gap'],
    ['the keys', (own) => ({ ...own, keys: [] }), 'key_unknown'],
  ];

  test.each(changes)('%s', async (_what, change, code) => {
    const batches = await sealAll(traffic);
    const own = evidenceOf(mine, batches, 1000);
    expect(await problems(own)).toEqual([]);
    expect(await problems(change(own, evidenceOf(other, batches, 50)))).toContain(code);
  });

  test('a batch made anew in the place of one that others follow', async () => {
    const before = await sealAll(traffic);
    const anew = at(await sealAll([[record(mine, 90), record(other, 7), record(mine, 20)]]), 0);
    const changed = evidenceOf(mine, [anew, ...before.slice(1)], 1000);
    expect(await problems(changed)).toEqual(['chain_broken']);
    const { head, signature } = at(before, 0);
    expect(await problems({ ...changed, chain: [...(changed.chain ?? []), { head, signature }] })).toContain(
      'chain_forked',
    );
  });

  test('neighbours that do not follow one another, without the whole chain too', async () => {
    const batches = await sealAll([[record(mine, 1)], [record(mine, 2)]]);
    const anew = at(await sealAll([[record(mine, 1), record(other, 1)]]), 0);
    const evidence = evidenceOf(mine, [anew, at(batches, 1)], 1000);
    expect(await problems({ ...evidence, chain: undefined })).toEqual(['chain_broken']);
  });
});

test('lines of test keys are signed with the others and bill nothing, and one that is said to be so wrongly is found', async () => {
  const free = { ...record(mine, 50), credential: 'key_test' };
  const batches = await sealAll([[record(mine, 9), free]]);
  const evidence = evidenceOf(mine, batches, 1000);
  const [credit, entry] = [at(evidence.ledger, 0), at(evidence.ledger, 1)];
  const ledger = [credit, { ...entry, bytes: -10, balance_bytes: 990 }];
  const marked = (which: number) =>
    withFirst({ ...evidence, ledger, balanceBytes: 990 }, (receipt) => ({
      ...receipt,
      bytes: 10,
      lines: receipt.lines.map((line, index) => (index === which ? { ...line, test: true as const } : line)),
    }));
  expect(await problems(marked(1))).toEqual([]);
  expect(await problems(marked(0))).toContain('bytes_differ');
});

test('a batch has the same root on every machine, and another with another secret', () => {
  const records = [record(mine, 1), record(other, 2)];
  expect(rootOf(secret(1), leavesOf(secret(1), records))).not.toBe(rootOf(secret(2), leavesOf(secret(2), records)));
  expect(rootOf(secret(1), leavesOf(secret(1), records))).toBe('-5ghnHgZoZaVIBT_g0dkZfrSRqhoZn5ltCLQiGucaqY');
});

function withFirst(evidence: ReceiptEvidence, change: (receipt: Receipt) => Receipt): ReceiptEvidence {
  const [first, rest] = [at(evidence.receipts, 0), evidence.receipts.slice(1)];
  return { ...evidence, receipts: [change(first), ...rest] };
}

function moveByte({ lines, ...receipt }: Receipt): Receipt {
  const [a, b] = [at(lines, 0), at(lines, 1)];
  return {
    ...receipt,
    lines: [
      { ...a, bytes_up: 99 },
      { ...b, bytes_up: 21 },
    ],
  };
}

function changeLine({ lines, ...receipt }: Receipt, change: Partial<ReceiptLine>): Receipt {
  return { ...receipt, lines: [{ ...at(lines, 0), ...change }, ...lines.slice(1)] };
}

function without<T>(list: readonly T[], index: number): readonly T[] {
  return [...list.slice(0, index), ...list.slice(index + 1)];
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new RangeError(`there is no ${index}`);
  return found;
}
