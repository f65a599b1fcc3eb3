import * as v from 'valibot';
import { CountryCode, Host, Id, Line, Timestamp } from './units.ts';

/** The kinds of network an exit sits in. */
export const Network = v.picklist(['residential', 'isp', 'datacenter']);
export type Network = v.InferOutput<typeof Network>;

/** Grades from best to worst; the order is the order of choice. */
export const grades = ['S', 'A', 'B'] as const;
export const Grade = v.picklist(grades);
export type Grade = v.InferOutput<typeof Grade>;

const Port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));
const Secret = v.pipe(Line(512), v.minLength(1));

/** How a gateway reaches an exit: an upstream proxy with or without credentials and TLS, or our own exit agent. */
export const Transport = v.variant('type', [
  v.strictObject({ type: v.literal('agent'), host: Host, port: Port, tls: v.boolean(), token: Secret }),
  v.strictObject({
    type: v.picklist(['http-connect', 'socks5']),
    host: Host,
    port: Port,
    tls: v.boolean(),
    username: v.optional(Secret),
    password: v.optional(Secret),
  }),
]);
export type Transport = v.InferOutput<typeof Transport>;

/** One egress, as the feed carries it and as the choice sees it. */
export const Exit = v.strictObject({
  kind: v.literal('exit'),
  id: Id,
  network: Network,
  country: CountryCode,
  /** Lower-case subdivision code within the country, e.g. `ca`. */
  state: v.nullable(v.pipe(v.string(), v.regex(/^[a-z0-9]{1,8}$/))),
  /** Lower-case name without separators, e.g. `losangeles`. */
  city: v.nullable(v.pipe(v.string(), v.regex(/^[a-z0-9]{1,40}$/))),
  asn: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(4_294_967_295)),
  exit_ip: v.pipe(v.string(), v.ip()),
  transport: Transport,
  /** 0 to 100. */
  purity: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100)),
  grade: Grade,
  seals: v.pipe(v.array(v.pipe(v.string(), v.maxLength(32))), v.maxLength(16)),
  /** Relative share of rotating dials among exits of one grade, 1 to 1000. */
  weight: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)),
  expires_at: Timestamp,
});
export type Exit = v.InferOutput<typeof Exit>;
