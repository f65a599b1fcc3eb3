import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `/v1/errors`: the failure catalogue. */
export function errors(api: Api) {
  return {
    list: (options?: CallOptions) => api.pages<t.Catalogue>('/v1/errors', { options }),
  };
}

/** `/v1/status`: how the service is. */
export function status(api: Api) {
  return {
    get: async (options?: CallOptions) => api.json<t.Status>('GET', '/v1/status', { options }),
  };
}

/** `/v1/openapi.json`. */
export function openapi(api: Api) {
  return {
    get: async (options?: CallOptions) =>
      api.json<Readonly<Record<string, unknown>>>('GET', '/v1/openapi.json', { options }),
  };
}
