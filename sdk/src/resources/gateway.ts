import type { Api } from '../client/api.ts';
import type { Answer, CallOptions } from '../client/call.ts';

/** Bytes with the signature that vouches for them; parse them only after it was verified. */
export interface Signed {
  readonly body: Uint8Array<ArrayBuffer>;
  /** Detached JWS, of `Marvel-Signature`. */
  readonly signature: string | null;
}

/** `/v1/gateway/…`, with the token of a gateway: for tools that watch the feed, and for gateways of your own. */
export function gateway(api: Api) {
  return {
    /** A page of the feed after a cursor; without one the snapshot. */
    feed: async (query?: { readonly since?: string; readonly limit?: number }, options?: CallOptions) =>
      signed(await api.send('GET', '/v1/gateway/feed', { query, options })),
    /** Posts a usage batch that its gateway signed. */
    usage: async (
      batch: { readonly body: Uint8Array<ArrayBuffer>; readonly signature: string },
      options?: CallOptions,
    ) =>
      signed(
        await api.send('POST', '/v1/gateway/usage', {
          body: batch.body,
          headers: { 'Marvel-Signature': batch.signature },
          options,
        }),
      ),
  };
}

function signed({ body, info }: Answer): Signed {
  return { body, signature: info.headers.get('Marvel-Signature') };
}
