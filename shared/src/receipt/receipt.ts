import { sha256 } from '@noble/hashes/sha2.js';
import { base64url } from 'jose';
import * as v from 'valibot';
import { Network } from '../exit.ts';
import { signDetached, type SigningKey } from '../signature.ts';
import { Count, CountryCode, Id, Timestamp } from '../units.ts';
import { Boot, Dialect } from '../usage-batch.ts';
import { type BatchReceipt, Digest } from './batch-receipt.ts';
import { BatchSecret, DigestTree, type Leaf, leafDigest, leafSalt, placeAccounts, treeDepth } from './digest-tree.ts';

/** What of a batch is signed for its accounts. */
export const ReceiptHead = v.strictObject({
  gateway: Id,
  boot: Boot,
  seq: Count,
  /** Digest of the head of the gateway's batch before this one. */
  previous: v.nullable(Digest),
  opened_at: Timestamp,
  closed_at: Timestamp,
  root: Digest,
});
export type ReceiptHead = v.InferOutput<typeof ReceiptHead>;

/** Bytes of an account through one exit. */
export const ReceiptLine = v.strictObject({
  credential: Id,
  exit: v.nullable(Id),
  country: v.nullable(CountryCode),
  network: v.nullable(Network),
  dialect: Dialect,
  bytes_up: Count,
  bytes_down: Count,
  connections: Count,
});
export type ReceiptLine = v.InferOutput<typeof ReceiptLine>;

/** What leads from an account's lines to the root. */
export const ReceiptProof = v.strictObject({
  salt: Digest,
  slot: v.pipe(Count, v.maxValue(2 ** treeDepth - 1)),
  path: v.pipe(v.array(Digest), v.length(treeDepth)),
});
export type ReceiptProof = v.InferOutput<typeof ReceiptProof>;

/** What of a usage record a receipt speaks of. */
export type BillableRecord = ReceiptLine & { readonly account: string };

/** The bytes of a head that are signed, and whose digest the next head holds. */
export function headBytes(head: ReceiptHead): Uint8Array {
  const { gateway, boot, seq, previous, opened_at: openedAt, closed_at: closedAt, root } = head;
  return new TextEncoder().encode(
    JSON.stringify(['marvel-receipt', gateway, boot, seq, previous, openedAt, closedAt, root]),
  );
}

/** The one text of an account's lines that is hashed. */
export function linesText(account: string, lines: readonly ReceiptLine[]): string {
  return JSON.stringify([
    account,
    lines.map((line) => [
      line.credential,
      line.exit,
      line.country,
      line.network,
      line.dialect,
      line.bytes_up,
      line.bytes_down,
      line.connections,
    ]),
  ]);
}

/** The leaves of a batch: one for each account that it bills anything. */
export function leavesOf(secret: string, records: readonly BillableRecord[]): readonly Leaf[] {
  const key = new BatchSecret(base64url.decode(secret));
  const linesOf = new Map<string, BillableRecord[]>();
  for (const record of records) {
    if (record.bytes_up + record.bytes_down === 0) continue;
    const lines = linesOf.get(record.account);
    if (lines === undefined) linesOf.set(record.account, [record]);
    else lines.push(record);
  }
  const places = placeAccounts(key, [...linesOf.keys()]);
  return Array.from(linesOf, ([account, lines]) => ({
    slot: places.get(account) ?? 0,
    digest: leafDigest(leafSalt(key, account), linesText(account, lines)),
  }));
}

/** The root over leaves, base64url. */
export function rootOf(secret: string, leaves: readonly Leaf[]): string {
  return base64url.encode(new DigestTree(new BatchSecret(base64url.decode(secret)), leaves).root);
}

/** Signs what a batch bills. `secret`: 32 random bytes, base64url, new for each batch. */
export async function sealReceipt(
  batch: Omit<ReceiptHead, 'root'> & { readonly records: readonly BillableRecord[] },
  secret: string,
  signer: SigningKey,
): Promise<BatchReceipt> {
  const root = rootOf(secret, leavesOf(secret, batch.records));
  return { secret, root, signature: await signDetached(headBytes({ ...batch, root }), 'marvel-receipt', signer) };
}

/** The proof of an account's lines among the leaves of a batch; `undefined` when they are not of it. */
export function proveLines(
  secret: string,
  leaves: readonly Leaf[],
  account: string,
  lines: readonly ReceiptLine[],
): ReceiptProof | undefined {
  const key = new BatchSecret(base64url.decode(secret));
  const salt = leafSalt(key, account);
  const digest = base64url.encode(leafDigest(salt, linesText(account, lines)));
  const leaf = leaves.find((one) => base64url.encode(one.digest) === digest);
  if (leaf === undefined) return undefined;
  const path = new DigestTree(key, leaves).pathOf(leaf.slot);
  return { salt: base64url.encode(salt), slot: leaf.slot, path: path.map((node) => base64url.encode(node)) };
}

/** How a batch is named by the next one of its gateway: SHA-256 of its head, base64url. */
export function headDigest(head: ReceiptHead): string {
  return base64url.encode(sha256(headBytes(head)));
}

/** The head of a batch. */
export function headOf(batch: Omit<ReceiptHead, 'root'> & { readonly receipt: BatchReceipt }): ReceiptHead {
  const { gateway, boot, seq, previous, opened_at, closed_at, receipt } = batch;
  return { gateway, boot, seq, previous, opened_at, closed_at, root: receipt.root };
}
