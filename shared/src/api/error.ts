import * as v from 'valibot';
import { failureCodes } from '../failures.ts';

/** The body of every failure; its code is in the header `X-Marvel-Error`. */
export const ErrorBody = v.strictObject({ error: v.string() });

/** One row of the failure catalogue, with the status of each surface; `null` where it cannot happen. */
export const CatalogueEntry = v.strictObject({
  code: v.picklist(failureCodes),
  reason: v.string(),
  meaning: v.string(),
  fix: v.string(),
  retryable: v.boolean(),
  marvel: v.nullable(v.number()),
  proxies_fo: v.nullable(v.strictObject({ status: v.number(), body: v.string() })),
  proxymesh: v.nullable(v.number()),
  socks5: v.nullable(
    v.strictObject({
      /** `auth`: an RFC 1929 status; `reply`: an RFC 1928 reply; `close`: the connection ends. */
      kind: v.picklist(['auth', 'reply', 'close']),
      value: v.nullable(v.number()),
    }),
  ),
  api: v.nullable(v.number()),
});

export const Catalogue = v.strictObject({ data: v.array(CatalogueEntry), next_cursor: v.null() });
