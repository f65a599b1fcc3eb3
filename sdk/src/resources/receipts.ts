import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `/v1/receipts`: what the gateways signed of the account's use; `@marvel/sdk/verify` checks it. */
export function receipts(api: Api) {
  return {
    /** Newest first. */
    list: (query?: t.ReceiptQuery, options?: CallOptions) =>
      api.pages<t.ReceiptPage>('/v1/receipts', { query, options }),
    csv: async (query?: t.ReceiptQuery, options?: CallOptions) => api.csv('/v1/receipts', { query, options }),
    /** The signed heads of one gateway's batches, in the order in which they came. */
    chain: (query: t.ReceiptChainQuery, options?: CallOptions) =>
      api.pages<t.ReceiptChainPage>('/v1/receipts/chain', { query, options }),
    /** A JWK Set of the gateways' public keys; keep those you have once seen. */
    keys: async (options?: CallOptions) => api.json<t.ReceiptKeys>('GET', '/v1/receipts/keys', { options }),
  };
}
