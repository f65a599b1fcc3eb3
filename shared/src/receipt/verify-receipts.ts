import { base64url, type JWK } from 'jose';
import type { LedgerEntry } from '../api/ledger.ts';
import type { Receipt, SignedHead } from '../api/receipt.ts';
import { importVerificationKeys, type VerificationKeys, verifyDetached } from '../signature.ts';
import { type ChainProblem, findChainProblems } from './chain.ts';
import { compareIds } from './compare-ids.ts';
import { leafDigest, rootOfPath } from './digest-tree.ts';
import { headBytes, headDigest, linesText } from './receipt.ts';

/** What an account has of itself: pages of `/v1/ledger`, `/v1/receipts` and its chain, put together. */
export interface ReceiptEvidence {
  readonly account: string;
  /** Every entry of a stretch of time, in any order. */
  readonly ledger: readonly LedgerEntry[];
  /** Every receipt of the same stretch, in any order. */
  readonly receipts: readonly Receipt[];
  /** Every head of those gateways in that stretch, to prove that no batch between two receipts was left out. */
  readonly chain?: readonly SignedHead[] | undefined;
  /** The gateways' public keys; keep those you have once seen. */
  readonly keys: readonly JWK[];
  /** What the API says is left, if the stretch goes up to now. */
  readonly balanceBytes?: number | undefined;
}

/** Something that does not fit. `reference`: the batch, or the ledger entry. */
export interface ReceiptProblem {
  readonly code:
    | ChainProblem['code']
    /** The ledger bills a batch for which there is no receipt. */
    | 'receipt_missing'
    /** A receipt of which the ledger knows nothing. */
    | 'receipt_unbilled'
    | 'receipt_repeated'
    /** The ledger bills another count than the receipt. */
    | 'bytes_differ'
    /** The lines are not those that the gateway signed, or are another account's. */
    | 'lines_not_signed'
    /** The head is not of the batch that it is shown for. */
    | 'head_of_another'
    | 'signature_invalid'
    | 'key_unknown'
    /** A balance of the ledger is not the one before and the entry. */
    | 'ledger_broken'
    | 'balance_differs';
  readonly reference: string;
}

/** What the evidence adds up to, bytes. `openingBytes + creditedBytes - receiptedBytes` is `balanceBytes` when nothing is wrong. */
export interface ReceiptReport {
  readonly problems: readonly ReceiptProblem[];
  /** Before the oldest entry. */
  readonly openingBytes: number;
  /** By every entry that is no batch: payments, adjustments, refunds, expiries. */
  readonly creditedBytes: number;
  /** By the signed lines. */
  readonly receiptedBytes: number;
  readonly balanceBytes: number;
}

/**
 * Derives a balance again from the ledger's credits and the gateways' signed receipts, trusting nothing but the keys. Asks
 * nobody. Cost: one signature and some twenty hashes a receipt.
 */
export async function verifyReceipts(evidence: ReceiptEvidence): Promise<ReceiptReport> {
  const keys = await importVerificationKeys(evidence.keys);
  const entries = evidence.ledger.toSorted((a, b) => a.id - b.id);
  const problems: ReceiptProblem[] = [];
  for (const receipt of evidence.receipts) problems.push(...(await problemsOf(receipt, evidence.account, keys)));
  problems.push(...problemsOfLedger(entries, evidence.receipts));
  problems.push(...(await problemsOfChain(evidence, keys)));

  const openingBytes = entries[0] === undefined ? 0 : entries[0].balance_bytes - entries[0].bytes;
  const creditedBytes = sum(entries.map((entry) => (entry.cause === 'batch' ? 0 : entry.bytes)));
  const receiptedBytes = sum(evidence.receipts.map(({ lines }) => bytesOf(lines)));
  const balanceBytes = openingBytes + creditedBytes - receiptedBytes;
  const said = [entries.at(-1)?.balance_bytes, evidence.balanceBytes].find(
    (bytes) => bytes !== undefined && bytes !== balanceBytes,
  );
  if (said !== undefined) problems.push({ code: 'balance_differs', reference: String(entries.at(-1)?.id ?? '') });
  return { problems, openingBytes, creditedBytes, receiptedBytes, balanceBytes };
}

async function problemsOf(
  { reference, head, lines, proof, signature }: Receipt,
  account: string,
  keys: VerificationKeys,
): Promise<readonly ReceiptProblem[]> {
  const codes: ReceiptProblem['code'][] = [];
  if (reference !== nameOf(head)) codes.push('head_of_another');
  const signed = await problemOfSignature({ head, signature }, keys);
  if (signed !== undefined) codes.push(signed);
  const digest = leafDigest(base64url.decode(proof.salt), linesText(account, lines));
  const path = proof.path.map((node) => base64url.decode(node));
  if (base64url.encode(rootOfPath({ slot: proof.slot, digest }, path)) !== head.root) codes.push('lines_not_signed');
  return codes.map((code) => ({ code, reference }));
}

async function problemOfSignature(
  { head, signature }: SignedHead,
  keys: VerificationKeys,
): Promise<'signature_invalid' | 'key_unknown' | undefined> {
  if (!keys.has(head.gateway)) return 'key_unknown';
  const verified = await verifyDetached(headBytes(head), signature, 'marvel-receipt', keys);
  // Each gateway vouches for its own batches only.
  return verified.ok && verified.value.kid === head.gateway ? undefined : 'signature_invalid';
}

function problemsOfLedger(entries: readonly LedgerEntry[], receipts: readonly Receipt[]): readonly ReceiptProblem[] {
  const problems: ReceiptProblem[] = [];
  const byReference = new Map<string, Receipt>();
  for (const receipt of receipts) {
    if (byReference.has(receipt.reference)) {
      problems.push({ code: 'receipt_repeated', reference: receipt.reference });
    }
    byReference.set(receipt.reference, receipt);
  }
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (before !== undefined && before.balance_bytes + entry.bytes !== entry.balance_bytes) {
      problems.push({ code: 'ledger_broken', reference: entry.reference });
    }
    if (entry.cause !== 'batch') continue;
    const receipt = byReference.get(entry.reference);
    byReference.delete(entry.reference);
    if (receipt === undefined) problems.push({ code: 'receipt_missing', reference: entry.reference });
    else if (bytesOf(receipt.lines) !== -entry.bytes || receipt.bytes !== -entry.bytes) {
      problems.push({ code: 'bytes_differ', reference: entry.reference });
    }
  }
  for (const reference of byReference.keys()) problems.push({ code: 'receipt_unbilled', reference });
  return problems;
}

async function problemsOfChain(
  { receipts, chain }: ReceiptEvidence,
  keys: VerificationKeys,
): Promise<readonly ReceiptProblem[]> {
  const heads = new Map<string, SignedHead>();
  const problems: ReceiptProblem[] = [];
  for (const signed of [...(chain ?? []), ...receipts]) {
    const before = heads.get(nameOf(signed.head));
    if (before !== undefined && headDigest(before.head) !== headDigest(signed.head)) {
      problems.push({ code: 'chain_forked', reference: nameOf(signed.head) });
    }
    heads.set(nameOf(signed.head), signed);
  }
  for (const signed of chain ?? []) {
    const code = await problemOfSignature(signed, keys);
    if (code !== undefined) problems.push({ code, reference: nameOf(signed.head) });
  }
  const all = [...heads.values()].map(({ head }) => head);
  problems.push(...findChainProblems(all, chain !== undefined));
  return problems.toSorted((a, b) => compareIds(a.reference, b.reference));
}

function nameOf({ gateway, boot, seq }: Receipt['head']): string {
  return `${gateway}/${boot}/${seq}`;
}

/** What lines bill. That one is of a test key is not signed: were it wrong, the ledger would have to bill less by as much. */
function bytesOf(lines: Receipt['lines']): number {
  return sum(lines.map((line) => (line.test === true ? 0 : line.bytes_up + line.bytes_down)));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
