import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `/v1/keys`: the proxy usernames of the account. */
export function keys(api: Api) {
  return {
    /** The whole key is in the reply, and nowhere after that. */
    create: async (body: t.CreateKeyRequest = {}, options?: CallOptions) =>
      api.json<t.CreatedKey>('POST', '/v1/keys', { body, options }),
    /** Every key, revoked ones too, newest first. */
    list: async (options?: CallOptions) => api.json<t.Key[]>('GET', '/v1/keys', { options }),
    /** What is given replaces what was there; `limits` as a whole. */
    update: async (id: string, body: t.UpdateKeyRequest, options?: CallOptions) =>
      api.json<t.Key>('PATCH', '/v1/keys/{id}', { params: { id }, body, options }),
    /** A new key with the same label and limits; the old one is revoked. */
    rotate: async (id: string, options?: CallOptions) =>
      api.json<t.CreatedKey>('POST', '/v1/keys/{id}/rotate', { params: { id }, options }),
    /** Revokes it: no gateway takes it 2 s later, and its open tunnels are cut. */
    revoke: async (id: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/keys/{id}', { params: { id }, options }),
  };
}

/** `/v1/api-keys`: credentials that speak for the account at the mounts of other conventions. */
export function apiKeys(api: Api) {
  return {
    /** The whole key is in the reply, and nowhere after that. */
    create: async (body: t.CreateApiKeyRequest = {}, options?: CallOptions) =>
      api.json<t.CreatedApiKey>('POST', '/v1/api-keys', { body, options }),
    /** Newest first, without those that were revoked. */
    list: (options?: CallOptions) => api.pages<t.ApiKeyList>('/v1/api-keys', { options }),
    revoke: async (id: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/api-keys/{id}', { params: { id }, options }),
  };
}

/** `/v1/sub-users`: usernames and passwords with limits of their own, drawing on the account's balance. */
export function subUsers(api: Api) {
  return {
    /** The password is in the reply, and nowhere after that. */
    create: async (body: t.CreateSubUserRequest, options?: CallOptions) =>
      api.json<t.CreatedSubUser>('POST', '/v1/sub-users', { body, options }),
    list: (options?: CallOptions) => api.pages<t.SubUserList>('/v1/sub-users', { options }),
    /** What is given replaces what was there; `limits` as a whole. */
    update: async (id: string, body: t.UpdateSubUserRequest, options?: CallOptions) =>
      api.json<t.SubUser>('PATCH', '/v1/sub-users/{id}', { params: { id }, body, options }),
    /** A new password: yours, or one made for you. */
    rotate: async (id: string, body: t.RotateSubUserRequest = {}, options?: CallOptions) =>
      api.json<t.CreatedSubUser>('POST', '/v1/sub-users/{id}/rotate', { params: { id }, body, options }),
    delete: async (id: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/sub-users/{id}', { params: { id }, options }),
  };
}

/** `/v1/authorized-sources`: addresses and host names whose clients need no credentials. */
export function authorizedSources(api: Api) {
  return {
    create: async (body: t.CreateAuthorizedSourceRequest, options?: CallOptions) =>
      api.json<t.AuthorizedSource>('POST', '/v1/authorized-sources', { body, options }),
    /** Newest first. */
    list: (query?: t.PageQuery, options?: CallOptions) =>
      api.pages<t.AuthorizedSourceList>('/v1/authorized-sources', { query, options }),
    delete: async (id: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/authorized-sources/{id}', { params: { id }, options }),
  };
}
