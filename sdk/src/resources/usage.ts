import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `/v1/usage`: the balance, and bytes used over time. */
export function usage(api: Api) {
  return {
    get: async (query?: t.UsageQuery, options?: CallOptions) =>
      api.json<t.Usage>('GET', '/v1/usage', { query, options }),
  };
}

/** `/v1/ledger`: every movement of bytes, and the balance after it. */
export function ledger(api: Api) {
  return {
    /** Newest first. */
    list: (query?: t.LedgerQuery, options?: CallOptions) => api.pages<t.LedgerPage>('/v1/ledger', { query, options }),
    csv: async (query?: t.LedgerQuery, options?: CallOptions) => api.csv('/v1/ledger', { query, options }),
  };
}

/** `/v1/rejections`: what the gateways refused, by code and credential. */
export function rejections(api: Api) {
  return {
    /** The last refused first. */
    list: (query?: t.RejectionQuery, options?: CallOptions) =>
      api.pages<t.RejectionPage>('/v1/rejections', { query, options }),
    csv: async (query?: t.RejectionQuery, options?: CallOptions) => api.csv('/v1/rejections', { query, options }),
  };
}
