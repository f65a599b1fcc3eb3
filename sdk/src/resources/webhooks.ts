import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `/v1/webhook-endpoints`: where the account hears of what happens to it. */
export function webhookEndpoints(api: Api) {
  return {
    /** The secret is shown once. */
    create: async (body: t.CreateWebhookEndpointRequest, options?: CallOptions) =>
      api.json<t.CreatedWebhookEndpoint>('POST', '/v1/webhook-endpoints', { body, options }),
    list: (options?: CallOptions) => api.pages<t.WebhookEndpointList>('/v1/webhook-endpoints', { options }),
    update: async (id: string, body: t.UpdateWebhookEndpointRequest, options?: CallOptions) =>
      api.json<t.WebhookEndpoint>('PATCH', '/v1/webhook-endpoints/{id}', { params: { id }, body, options }),
    /** Replaces the secret; the old one is good for a day more. */
    rotate: async (id: string, options?: CallOptions) =>
      api.json<t.RotatedWebhookEndpoint>('POST', '/v1/webhook-endpoints/{id}/rotate', { params: { id }, options }),
    delete: async (id: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/webhook-endpoints/{id}', { params: { id }, options }),
  };
}

/** `/v1/webhook-deliveries`: what was sent to them, and what became of it. */
export function webhookDeliveries(api: Api) {
  return {
    /** Newest first. */
    list: (query?: t.WebhookDeliveryQuery, options?: CallOptions) =>
      api.pages<t.WebhookDeliveryPage>('/v1/webhook-deliveries', { query, options }),
    /** With what is sent, and every try. */
    get: async (id: string, options?: CallOptions) =>
      api.json<t.WebhookDeliveryLog>('GET', '/v1/webhook-deliveries/{id}', { params: { id }, options }),
    /** Errors: `conflict` for an endpoint that is off. */
    redeliver: async (id: string, options?: CallOptions) =>
      api.json<t.WebhookDelivery>('POST', '/v1/webhook-deliveries/{id}/redeliver', { params: { id }, options }),
  };
}
