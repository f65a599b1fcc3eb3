import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `/v1/bundles`: bytes on sale. */
export function bundles(api: Api) {
  return {
    list: (options?: CallOptions) => api.pages<t.BundleList>('/v1/bundles', { options }),
  };
}

/** `/v1/checkout`. */
export function checkout(api: Api) {
  return {
    /** An invoice, and the page to pay it on. */
    create: async (body: t.CheckoutRequest, options?: CallOptions) =>
      api.json<t.Checkout>('POST', '/v1/checkout', { body, options }),
  };
}

/** `/v1/invoices`: what is to be paid, or was. */
export function invoices(api: Api) {
  return {
    /** Newest first. */
    list: (query?: t.PageQuery, options?: CallOptions) => api.pages<t.InvoiceList>('/v1/invoices', { query, options }),
    get: async (id: string, options?: CallOptions) =>
      api.json<t.Invoice>('GET', '/v1/invoices/{id}', { params: { id }, options }),
    /** Errors: `conflict` for one that is no longer open. */
    void: async (id: string, options?: CallOptions) =>
      api.json<t.Invoice>('POST', '/v1/invoices/{id}/void', { params: { id }, options }),
  };
}
