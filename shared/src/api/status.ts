import * as v from 'valibot';
import { Count, Timestamp } from '../units.ts';

/** How the service is. */
export const Status = v.strictObject({
  status: v.picklist(['ok', 'maintenance', 'unavailable']),
  observed_at: Timestamp,
  database: v.picklist(['ok', 'unavailable']),
  maintenance: v.nullable(v.boolean()),
  /** Gateways enrolled and not revoked. */
  fleet_size: v.nullable(Count),
  /** Those of them that were heard of in the last 30 s. */
  gateways_live: v.nullable(Count),
  /** The most bytes that all gateways together can spend past a balance: fleet size x 64 KiB. */
  overspend_bound_bytes: v.nullable(Count),
  /** `host:port` of the marvel listener, for proxy clients. */
  gateway_address: v.string(),
});
