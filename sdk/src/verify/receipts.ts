import { verifyReceipts as verify } from '@marvel/shared/receipt/verify-receipts';
import type { CallOptions } from '../client/call.ts';
import type { Marvel } from '../client/marvel.ts';
import type { Pages, PageOf } from '../client/pages.ts';
import type { ReceiptEvidence, ReceiptReport } from '../schema-types.ts';

/** The most rows of each list that are put together. */
const maxRows = 100_000;

/** Which stretch of the account's life; all of it unless given. */
export interface EvidencePeriod {
  readonly from?: Date | string | undefined;
  /** Exclusive. */
  readonly to?: Date | string | undefined;
}

/**
 * Reads what `verifyReceipts` needs: the ledger, the receipts, the chain of each gateway, and the keys. It is plain JSON,
 * to be kept and checked elsewhere.
 *
 * Errors: those of the calls; `RangeError` when the stretch holds more than 100,000 rows.
 */
export async function readReceiptEvidence(
  marvel: Marvel,
  period: EvidencePeriod = {},
  options?: CallOptions,
): Promise<ReceiptEvidence> {
  const { account_id: account } = await marvel.me.get(options);
  // The ledger first: what is billed while this reads is in the receipts only, and is left for the next time.
  const ledger = await everyRow(marvel.ledger.list({ ...period, limit: 1000 }, options));
  const newest = ledger[0]?.id ?? 0;
  const receipts = (await everyRow(marvel.receipts.list({ ...period, limit: 100 }, options))).filter(
    ({ id }) => id <= newest,
  );
  const gateways = new Set(receipts.map(({ head }) => head.gateway));
  const chain: ReceiptEvidence['chain'] & object[] = [];
  for (const gateway of gateways)
    chain.push(...(await everyRow(marvel.receipts.chain({ ...period, gateway }, options))));
  const { keys } = await marvel.receipts.keys(options);
  return { account, ledger, receipts, chain, keys };
}

async function everyRow<Row>(list: Pages<PageOf<Row>>): Promise<Row[]> {
  const rows = await list.take(maxRows + 1);
  if (rows.length > maxRows) throw new RangeError(`more than ${maxRows} rows: choose a shorter period`);
  return rows;
}

/**
 * Derives a balance again from the ledger's credits and the gateways' signed receipts, trusting nothing but the keys, and
 * asking nobody. Without `problems` the balance is right.
 */
export async function verifyReceipts(evidence: ReceiptEvidence): Promise<ReceiptReport> {
  return verify(evidence);
}
