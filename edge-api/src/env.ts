import { type MountName, mountNames } from '@marvel/shared/failures';
import * as v from 'valibot';
import { type DoorName, doorNames } from './domain/gateway-door.ts';
import type { SiteFiles } from './http/pages.ts';
import type { RateLimiters } from './http/rate-limiters.ts';

const Text = v.pipe(v.string(), v.minLength(1));
const HttpUrl = v.pipe(Text, v.url('must be a URL'), v.regex(/^https?:/, 'must be an http or https URL'));

const PositiveCount = (preset: string) =>
  v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^[1-9][0-9]{0,8}$/, 'must be an integer from 1 to 999999999')), preset),
    v.transform(Number),
  );

/** `a=b`, separated by commas. */
const Pairs = v.pipe(
  v.optional(v.string(), ''),
  v.transform((text) => (text === '' ? [] : text.split(',').map((pair) => pair.trim().split('=')))),
);

/** `host=mount`, as the mount that each host name stands for. */
const DialectHosts = v.pipe(
  Pairs,
  v.array(
    v.tuple([v.pipe(v.string(), v.toLowerCase(), v.regex(/^[a-z0-9.-]{1,253}$/)), v.picklist(mountNames)]),
    `must be host=mount, separated by commas; the mounts are ${mountNames.join(', ')}`,
  ),
  v.transform((pairs): ReadonlyMap<string, MountName> => new Map(pairs)),
);

/** `door=host:port`, where gateways listen for the clients of other dialects. */
const GatewayDoors = v.pipe(
  Pairs,
  v.array(
    v.tuple([v.picklist(doorNames), v.pipe(v.string(), v.regex(/^[^/:\s]+:[0-9]{1,5}$/))]),
    `must be door=host:port, separated by commas; the doors are ${doorNames.join(', ')}`,
  ),
  v.transform((pairs): ReadonlyMap<DoorName, string> => new Map(pairs)),
);

/** What a deployment gives the Worker: plain variables and secrets, all text, and the objects that count requests. */
export const Env = v.object({
  /** Neon connection string. */
  DATABASE_URL: Text,
  /** Where Neon's HTTP protocol is spoken when it is not the host of `DATABASE_URL`, as in a local stack. */
  NEON_FRONT_URL: v.optional(HttpUrl),
  /** The fleet's name: the audience of feed pages. */
  FLEET: v.pipe(Text, v.maxLength(64)),
  /** Keys the digests of credentials; the gateways have the same one. */
  CREDENTIAL_PEPPER: v.pipe(Text, v.minLength(16, 'must have at least 16 characters')),
  /** Private Ed25519 JWK with `kid`, JSON. */
  FEED_SIGNING_KEY: Text,
  /** The key that is to sign next, of the same form, while keys are rotated; only its name is used. */
  FEED_NEXT_KEY: v.optional(Text),
  OPERATOR_TOKEN: v.pipe(Text, v.minLength(16, 'must have at least 16 characters')),
  STRIPE_SECRET_KEY: Text,
  STRIPE_WEBHOOK_SECRET: Text,
  /** Where Stripe's API is when it is not api.stripe.com, as in a local stack. */
  STRIPE_API_URL: v.optional(HttpUrl),
  /** The name service that host names of clients are looked up with; it must know the JSON API of DNS over HTTPS. */
  DOH_URL: v.optional(HttpUrl, 'https://cloudflare-dns.com/dns-query'),
  /** This API as its clients see it, without a trailing slash. */
  PUBLIC_API_URL: HttpUrl,
  /** `host:port` of the marvel listener, shown in the `dial` of a node. */
  GATEWAY_ADDRESS: v.pipe(Text, v.regex(/^[^/\s]+:[0-9]{1,5}$/, 'must be host:port')),
  /** The origin whose pages may call the API, and where a checkout returns to. */
  DASHBOARD_ORIGIN: v.optional(HttpUrl),
  /** `true` lets webhooks go to this machine, over http too: for a local stack alone. */
  WEBHOOK_ALLOW_LOOPBACK: v.pipe(
    v.optional(v.picklist(['true', 'false']), 'false'),
    v.transform((text) => text === 'true'),
  ),
  /** Requests a minute of one account, or of the operator. */
  RATE_LIMIT_ACCOUNT: PositiveCount('6000'),
  /** Requests a minute of one address without a known token. */
  RATE_LIMIT_ADDRESS: PositiveCount('1200'),
  /** Sign-ins a minute from one address, and for one e-mail address. */
  RATE_LIMIT_SIGN_IN: PositiveCount('10'),
  /** Wrong sign-ins from one address within ten minutes that ban it for a quarter of an hour. */
  SIGN_IN_BAN_FAILURES: PositiveCount('20'),
  ASSETS: v.optional(v.custom<SiteFiles>((value) => typeof value === 'object' && value !== null)),
  /** Where gateways listen for the clients of other dialects, where that is not the host of `GATEWAY_ADDRESS` at the usual port. */
  GATEWAY_DOORS: GatewayDoors,
  /** Host names that stand for a mount: there `/x` is `/dialects/<mount>/x`, and nothing else is served. */
  DIALECT_HOSTS: DialectHosts,
  RATE_LIMITER: v.optional(v.custom<RateLimiters>((value) => typeof value === 'object' && value !== null)),
});
export type Env = v.InferOutput<typeof Env>;

const known = new WeakMap<object, Env>();

/**
 * Reads what the deployment gave. An empty variable counts as absent.
 *
 * Errors: throws an error that names the wrong variables and none of their values. Cost: once per isolate.
 */
export function readEnv(bindings: object): Env {
  const before = known.get(bindings);
  if (before !== undefined) return before;
  const given = Object.fromEntries(Object.entries(bindings).filter(([, value]) => value !== ''));
  const parsed = v.safeParse(Env, given);
  if (!parsed.success) {
    const names = new Set(parsed.issues.map((issue) => v.getDotPath(issue) ?? '?'));
    throw new Error(`missing or wrong variables: ${[...names].join(', ')}`);
  }
  known.set(bindings, parsed.output);
  return parsed.output;
}
