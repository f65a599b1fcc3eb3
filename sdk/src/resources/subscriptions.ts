import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `/v1/plans`: recurring terms, of Marvel and of the account. */
export function plans(api: Api) {
  return {
    /** Its terms stay as they are; who wants others makes another plan. */
    create: async (body: t.CreatePlanRequest, options?: CallOptions) =>
      api.json<t.Plan>('POST', '/v1/plans', { body, options }),
    /** Newest first. */
    list: (query?: t.PlanQuery, options?: CallOptions) => api.pages<t.PlanList>('/v1/plans', { query, options }),
    get: async (id: string, options?: CallOptions) =>
      api.json<t.Plan>('GET', '/v1/plans/{id}', { params: { id }, options }),
    /** An inactive plan takes no new subscriptions; those that there are go on. */
    update: async (id: string, body: t.UpdatePlanRequest, options?: CallOptions) =>
      api.json<t.Plan>('PATCH', '/v1/plans/{id}', { params: { id }, body, options }),
  };
}

/** `/v1/customers`: those whom the account sells to. */
export function customers(api: Api) {
  return {
    create: async (body: t.CreateCustomerRequest, options?: CallOptions) =>
      api.json<t.Customer>('POST', '/v1/customers', { body, options }),
    /** Newest first. */
    list: (query?: t.PageQuery, options?: CallOptions) =>
      api.pages<t.CustomerList>('/v1/customers', { query, options }),
    get: async (id: string, options?: CallOptions) =>
      api.json<t.Customer>('GET', '/v1/customers/{id}', { params: { id }, options }),
    /** What is given replaces what was there. */
    update: async (id: string, body: t.UpdateCustomerRequest, options?: CallOptions) =>
      api.json<t.Customer>('PATCH', '/v1/customers/{id}', { params: { id }, body, options }),
    delete: async (id: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/customers/{id}', { params: { id }, options }),
  };
}

/** `/v1/subscriptions`: the account, or a customer of it, on a plan. */
export function subscriptions(api: Api) {
  return {
    create: async (body: t.CreateSubscriptionRequest, options?: CallOptions) =>
      api.json<t.Subscription>('POST', '/v1/subscriptions', { body, options }),
    /** Newest first. */
    list: (query?: t.SubscriptionQuery, options?: CallOptions) =>
      api.pages<t.SubscriptionList>('/v1/subscriptions', { query, options }),
    get: async (id: string, options?: CallOptions) =>
      api.json<t.Subscription>('GET', '/v1/subscriptions/{id}', { params: { id }, options }),
    /** Errors: `conflict` for a status that it cannot come from, as with the two below. */
    pause: async (id: string, options?: CallOptions) =>
      api.json<t.Subscription>('POST', '/v1/subscriptions/{id}/pause', { params: { id }, options }),
    resume: async (id: string, options?: CallOptions) =>
      api.json<t.Subscription>('POST', '/v1/subscriptions/{id}/resume', { params: { id }, options }),
    cancel: async (id: string, body: t.CancelSubscriptionRequest = {}, options?: CallOptions) =>
      api.json<t.Subscription>('POST', '/v1/subscriptions/{id}/cancel', { params: { id }, body, options }),
  };
}
