import * as v from 'valibot';
import { Grade } from '../exit.ts';
import { failures } from '../failures.ts';
import { CountryCode, Timestamp } from '../units.ts';

/** A country in either case, upper case from here on. */
export const GivenCountry = v.pipe(
  v.string(failures.target_invalid_country.reason),
  v.regex(/^[A-Za-z]{2}$/, failures.target_invalid_country.reason),
  v.toUpperCase(),
);

export const GivenSession = v.pipe(
  v.string(failures.target_invalid_session.reason),
  v.regex(/^[A-Za-z0-9_]{1,64}$/, failures.target_invalid_session.reason),
);

const GivenMinPurity = v.pipe(
  v.number(failures.target_invalid_min_purity.reason),
  v.integer(failures.target_invalid_min_purity.reason),
  v.minValue(0, failures.target_invalid_min_purity.reason),
  v.maxValue(100, failures.target_invalid_min_purity.reason),
);

export const CreateNodeRequest = v.strictObject({
  country: GivenCountry,
  /** Made for you when absent. */
  session: v.optional(GivenSession),
  min_purity: v.optional(GivenMinPurity, 0),
});

/** How to send traffic through the node. */
export const Dial = v.strictObject({
  host: v.string(),
  port: v.number(),
  /** The proxy username is one of your keys; `{key}` stands for it. */
  username: v.literal('{key}'),
  /** The proxy password, ready to use. */
  password: v.string(),
  /** All of it as one proxy URL, `{key}` to be replaced. */
  url: v.string(),
});

/** A sticky exit held for the account under a session name. */
export const Node = v.strictObject({
  session: v.string(),
  exit_ip: v.string(),
  country: CountryCode,
  asn: v.number(),
  purity: v.number(),
  grade: Grade,
  seals: v.array(v.string()),
  expires_at: Timestamp,
  dial: Dial,
});
export type Node = v.InferOutput<typeof Node>;

export const NodeList = v.array(Node);
