import * as v from 'valibot';
import { Host, Id, Timestamp } from '../units.ts';

export const CreateAuthorizedSourceRequest = v.strictObject({
  kind: v.picklist(['ip', 'hostname']),
  /** An IPv4 or IPv6 address, or a host name that resolves to some. */
  value: Host,
  /** Id of the sub-user whose limits apply; without one they are the account's. */
  sub_user: v.optional(v.nullable(Id)),
});

/** An address or host name whose clients need no credentials. */
export const AuthorizedSource = v.strictObject({
  id: Id,
  kind: v.picklist(['ip', 'hostname']),
  value: v.string(),
  sub_user: v.nullable(Id),
  /** What it stands for now; of a host name none while it does not resolve. */
  addresses: v.array(v.string()),
  /** When a host name last resolved; `null` before, and for an address. */
  resolved_at: v.nullable(Timestamp),
  created_at: Timestamp,
});
export type AuthorizedSource = v.InferOutput<typeof AuthorizedSource>;

/** Newest first; `next_cursor` is `null` on the last page. */
export const AuthorizedSourceList = v.strictObject({
  data: v.array(AuthorizedSource),
  next_cursor: v.nullable(v.string()),
});
