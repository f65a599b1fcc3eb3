import * as v from 'valibot';
import { Count, CountryCode, Timestamp } from './units.ts';

const maxListEntries = 64;
const HostPattern = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.regex(/^(?:\*\.)?[a-z0-9_](?:[a-z0-9_.:-]{0,251}[a-z0-9_])?$/, 'must be a host name, an address, or *.domain'),
);
const SourceIp = v.pipe(v.string(), v.ip('must be an IPv4 or IPv6 address'));

/** What one key or sub-user may do. Each member is optional; an absent one limits nothing. Source: CONTRACT section 5. */
export const Limits = v.strictObject({
  bytes_per_day: v.optional(Count),
  bytes_per_month: v.optional(Count),
  bytes_total: v.optional(Count),
  threads: v.optional(v.pipe(Count, v.minValue(1), v.maxValue(1_000_000))),
  countries: v.optional(v.pipe(v.array(CountryCode), v.minLength(1), v.maxLength(250))),
  source_ips: v.optional(v.pipe(v.array(SourceIp), v.minLength(1), v.maxLength(maxListEntries))),
  hosts_allow: v.optional(v.pipe(v.array(HostPattern), v.minLength(1), v.maxLength(maxListEntries))),
  hosts_deny: v.optional(v.pipe(v.array(HostPattern), v.minLength(1), v.maxLength(maxListEntries))),
  expires_at: v.optional(Timestamp),
  paused: v.optional(v.boolean()),
});
export type Limits = v.InferOutput<typeof Limits>;

/** The byte caps a limit can set; each is a budget of its own, named `<credential id>/<window>`. */
export const capWindows = ['day', 'month', 'total'] as const;
export type CapWindow = (typeof capWindows)[number];
