import * as v from 'valibot';
import { Digest } from '../receipt/batch-receipt.ts';
import { ReceiptHead, ReceiptLine, ReceiptProof } from '../receipt/receipt.ts';
import { Count, Id, Timestamp } from '../units.ts';
import { Moment } from './moment.ts';
import { Cursor } from './page.ts';

/** The most receipts of one page, and the most heads. */
export const maxReceiptPage = 100;
export const maxReceiptChainPage = 1000;

export const ReceiptQuery = v.strictObject({
  from: v.optional(Moment),
  /** Exclusive. */
  to: v.optional(Moment),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^(?:[1-9][0-9]?|100)$/, `must be an integer from 1 to ${maxReceiptPage}`)),
    '20',
  ),
  cursor: v.optional(Cursor),
});

/** What its gateway signed of a line, and whether it was of a test key, which pays nothing: only its owner gains by that. */
const ShownLine = v.strictObject({ ...ReceiptLine.entries, test: v.optional(v.literal(true)) });

/** What one usage batch billed to the account, and the proof that its gateway signed that. */
export const Receipt = v.strictObject({
  /** That of the ledger's entry. */
  id: Count,
  at: Timestamp,
  /** That of the ledger's entry: `<gateway>/<boot>/<seq>`. */
  reference: v.string(),
  /** Billed by it: the sum of its lines, but for those of test keys. */
  bytes: Count,
  lines: v.array(ShownLine),
  /** What leads from the lines to the root in the head. */
  proof: ReceiptProof,
  head: ReceiptHead,
  /** Detached JWS of the head by its gateway. */
  signature: v.string(),
});
export type Receipt = v.InferOutput<typeof Receipt>;

/** Newest first; `next_cursor` is `null` on the last page. */
export const ReceiptPage = v.strictObject({ data: v.array(Receipt), next_cursor: v.nullable(v.string()) });

export const ReceiptChainQuery = v.strictObject({
  /** Whose batches. */
  gateway: Id,
  from: v.optional(Moment),
  /** Exclusive. */
  to: v.optional(Moment),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^(?:[1-9][0-9]{0,2}|1000)$/, `must be an integer from 1 to ${maxReceiptChainPage}`)),
    '1000',
  ),
  cursor: v.optional(Cursor),
});

/** The signed head of one batch, whoever's use it holds. */
export const SignedHead = v.strictObject({ head: ReceiptHead, signature: v.string() });
export type SignedHead = v.InferOutput<typeof SignedHead>;

/** In the order in which the batches came; `next_cursor` is `null` on the last page. */
export const ReceiptChainPage = v.strictObject({ data: v.array(SignedHead), next_cursor: v.nullable(v.string()) });

/** A JWK Set (RFC 7517): `kid` is the id of the gateway. Of revoked gateways too. */
export const ReceiptKeys = v.strictObject({
  keys: v.array(v.strictObject({ kty: v.literal('OKP'), crv: v.literal('Ed25519'), x: Digest, kid: Id })),
});
