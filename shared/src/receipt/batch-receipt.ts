import * as v from 'valibot';

/** SHA-256 or 32 random bytes, base64url. */
export const Digest = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/, 'must be 32 bytes in base64url'));

/** What a gateway adds to a batch so that each account can be shown its own part of it. */
export const BatchReceipt = v.strictObject({
  /** Hides what the accounts of the batch have from one another; known to gateway and edge only. */
  secret: Digest,
  /** Of the tree over what each account has in the batch. */
  root: Digest,
  /** Detached JWS over the head. */
  signature: v.pipe(v.string(), v.maxLength(1024), v.regex(/^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+$/)),
});
export type BatchReceipt = v.InferOutput<typeof BatchReceipt>;
