import type { Api } from '../client/api.ts';
import type { CallOptions } from '../client/call.ts';
import type * as t from '../schema-types.ts';

/** `POST /v1/accounts`. */
export function accounts(api: Api) {
  return {
    /** Signs up, and in: the token is that of a session. */
    create: async (body: t.CreateAccountRequest, options?: CallOptions) =>
      api.json<t.SignedIn>('POST', '/v1/accounts', { body, options }),
  };
}

/** `/v1/sessions`. */
export function sessions(api: Api) {
  return {
    /** Signs in. */
    create: async (body: t.SignInRequest, options?: CallOptions) =>
      api.json<t.SignedIn>('POST', '/v1/sessions', { body, options }),
    /** Newest first. */
    list: (query?: t.PageQuery, options?: CallOptions) => api.pages<t.SessionList>('/v1/sessions', { query, options }),
    /** Signs out: of this session, or of every one of the account. */
    end: async (query?: t.SignOutQuery, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/sessions', { query, options }),
    /** Ends one session, whichever it is. */
    revoke: async (id: string, options?: CallOptions) =>
      api.nothing('DELETE', '/v1/sessions/{id}', { params: { id }, options }),
  };
}

/** `/v1/me`. */
export function me(api: Api) {
  return {
    get: async (options?: CallOptions) => api.json<t.Me>('GET', '/v1/me', { options }),
    /** A new password ends every other session. */
    update: async (body: t.UpdateMeRequest, options?: CallOptions) =>
      api.json<t.Me>('PATCH', '/v1/me', { body, options }),
  };
}
