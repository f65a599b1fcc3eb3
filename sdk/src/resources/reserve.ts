import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `/v1/nodes`: sticky exits held under a session name. */
export function nodes(api: Api) {
  return {
    /** Holds an exit; `dial` in the reply says how to send traffic through it. */
    create: async (body: t.CreateNodeRequest, options?: CallOptions) =>
      api.json<t.Node>('POST', '/v1/nodes', { body, options }),
    list: async (options?: CallOptions) => api.json<t.Node[]>('GET', '/v1/nodes', { options }),
    /** Another exit for the same session. */
    rotate: async (session: string, options?: CallOptions) =>
      api.json<t.Node>('POST', '/v1/nodes/{session}/rotate', { params: { session }, options }),
    release: async (session: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/nodes/{session}', { params: { session }, options }),
  };
}

/** `/v1/availability`: what a dial finds at this moment. */
export function availability(api: Api) {
  return {
    list: async (options?: CallOptions) => api.json<t.Availability>('GET', '/v1/availability', { options }),
    /** Errors: `no_capacity` where there is no live exit. */
    get: async (country: string, options?: CallOptions) =>
      api.json<t.Availability>('GET', '/v1/availability/{country}', { params: { country }, options }),
  };
}
