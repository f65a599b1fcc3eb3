import * as v from 'valibot';
import { Count, SignedBytes, Timestamp } from '../units.ts';
import { Moment } from './moment.ts';
import { Cursor } from './page.ts';

/** What can move bytes. */
export const ledgerCauses = ['payment', 'batch', 'adjustment', 'refund', 'expiry'] as const;

/** The most entries of one page. */
export const maxLedgerPage = 10_000;

export const LedgerQuery = v.strictObject({
  from: v.optional(Moment),
  /** Exclusive. */
  to: v.optional(Moment),
  cause: v.optional(v.picklist(ledgerCauses)),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^(?:[1-9][0-9]{0,3}|10000)$/, `must be an integer from 1 to ${maxLedgerPage}`)),
    '100',
  ),
  cursor: v.optional(Cursor),
});

/** Bytes that came into an account (positive) or left it (negative). */
export const LedgerEntry = v.strictObject({
  /** Rises with every entry of the account. */
  id: Count,
  at: Timestamp,
  cause: v.picklist(ledgerCauses),
  /** What caused it: the payment, refund or dispute; the usage batch, `<gateway>/<boot>/<seq>`; the adjustment's key. */
  reference: v.string(),
  /** Of a payment its invoice, of an adjustment its reason. */
  note: v.nullable(v.string()),
  bytes: SignedBytes,
  /** The balance after it. */
  balance_bytes: SignedBytes,
});
export type LedgerEntry = v.InferOutput<typeof LedgerEntry>;

/** Newest first; `next_cursor` is `null` on the last page. */
export const LedgerPage = v.strictObject({ data: v.array(LedgerEntry), next_cursor: v.nullable(v.string()) });
