import type { Receipt } from '@marvel/shared/api/receipt';
import { proveLines } from '@marvel/shared/receipt/receipt';
import type { StoredReceipt } from '../../store/receipt.ts';

/** A stored receipt as its account sees it: its own lines, and what proves them without telling of others. */
export function showReceipt(receipt: StoredReceipt, accountId: string): Receipt {
  const { transactionId, at, reference, bytes, lines, head, signature, secret, leaves } = receipt;
  const proof = proveLines(secret, leaves, accountId, lines);
  // The edge takes no batch whose records do not lead to its root.
  if (proof === undefined) throw new TypeError(`the lines of ${reference} are not among its leaves`);
  return {
    id: transactionId,
    at: at.toISOString(),
    reference,
    bytes,
    lines: [...lines],
    proof,
    head,
    signature,
  };
}
