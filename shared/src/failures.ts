/** How SOCKS5 says a failure: an RFC 1929 status after sign-in, an RFC 1928 reply, or silence. */
export type Socks5Answer = { readonly auth: number } | { readonly reply: number } | 'close';

/** A proxies.fo answer: a status and its plaintext body. Source: proxies.fo's documentation. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
}

/** One row of the catalogue. `null` says that the failure cannot happen on that surface. */
export interface FailureEntry {
  /** The fixed reason: reason phrase and body at the gateway, default message at the API. Never holds input. */
  readonly reason: string;
  /** What it means, for the docs page and `GET /v1/errors`. */
  readonly meaning: string;
  /** What fixes it. */
  readonly fix: string;
  /** True when the same request may succeed later with nothing changed. */
  readonly retryable: boolean;
  readonly marvel: number | null;
  readonly proxiesFo: PlainAnswer | null;
  readonly proxymesh: number | null;
  readonly socks5: Socks5Answer | null;
  readonly api: number | null;
}

const incorrectCredentials: PlainAnswer = { status: 407, body: 'Incorrect username or password' };
const badTarget = {
  marvel: 400,
  proxiesFo: incorrectCredentials,
  proxymesh: 400,
  socks5: { auth: 1 },
  retryable: false,
} as const;
/** Of a part of the target that the API has a field of its own for. */
const badField = { ...badTarget, api: 422 } as const;
/** Of the target as it is written: the API takes none. */
const badText = { ...badTarget, api: null } as const;
const foTarget = { marvel: null, proxymesh: null, socks5: null, api: null, retryable: false } as const;
const apiOnly = { marvel: null, proxiesFo: null, proxymesh: null, socks5: null } as const;
const shedding = { proxymesh: 503, socks5: { reply: 1 }, marvel: 503, api: null, retryable: true } as const;
const targetFix = 'Correct the target string: country-<CC>, then optionally session-<id> and min_purity-<0-100>.';

/**
 * The failure catalogue: each failure declared once, and every status number that any surface writes.
 *
 * Source: CONTRACT section 2; the eight target reasons and the API statuses are those of the product's own documentation,
 * the proxies.fo statuses and bodies those of proxies.fo's, the ProxyMesh statuses those of ProxyMesh's.
 */
export const failures = {
  unauthenticated: {
    reason: 'Missing or invalid credentials',
    meaning: 'No credentials, or an unknown, malformed or revoked key, password or token.',
    fix: 'Check that the key is current and sent as the proxy username; at the API, sign in again or check the bearer token.',
    retryable: false,
    marvel: 407,
    proxiesFo: incorrectCredentials,
    proxymesh: 407,
    socks5: { auth: 1 },
    api: 401,
  },
  bad_request: {
    reason: 'Malformed request',
    meaning: 'The request head or body could not be read.',
    fix: 'Send a valid request: CONNECT host:port with a head under 16 KiB at the proxy, well-formed JSON at the API.',
    retryable: false,
    marvel: 400,
    proxiesFo: { status: 400, body: 'Bad Request' },
    proxymesh: 400,
    socks5: 'close',
    api: 422,
  },
  target_missing_country: {
    ...badField,
    reason: 'missing required target: country-<CC> (ISO 3166-1 alpha-2)',
    meaning: 'No country- field.',
    fix: 'Send country-<CC> in the password, e.g. country-US.',
  },
  target_invalid_country: {
    ...badField,
    reason: 'invalid country code; expected ISO 3166-1 alpha-2, e.g. country-US',
    meaning: 'country wasn’t two letters.',
    fix: 'Use a two-letter ISO 3166-1 code, e.g. country-US.',
    proxiesFo: { status: 454, body: 'invalid country code' },
  },
  target_asn_unsupported: {
    ...badText,
    reason: 'targeting is country-only; ASN/ISP selection is not supported',
    meaning: 'An -asn- or -isp- token was present.',
    fix: 'Remove the asn or isp field.',
  },
  target_unknown_field: {
    ...badText,
    reason: 'unknown target field; supported fields: country, session, min_purity',
    meaning: 'An unrecognized key.',
    fix: targetFix,
  },
  target_duplicate_field: {
    ...badText,
    reason: 'duplicate target field; country, session, and min_purity may each appear once',
    meaning: 'A field repeated.',
    fix: 'Send each field once.',
  },
  target_malformed: {
    ...badText,
    reason: "malformed target; each field must be <key>-<value> joined by '-'",
    meaning: 'A dangling key or empty token.',
    fix: targetFix,
  },
  target_invalid_session: {
    ...badField,
    reason: 'invalid session id; allowed: letters, digits, underscore (1-64 chars)',
    meaning: 'Session id outside [A-Za-z0-9_]{1,64}.',
    fix: 'Use 1 to 64 letters, digits or underscores.',
  },
  target_invalid_min_purity: {
    ...badField,
    reason: 'invalid min_purity; expected an integer 0-100',
    meaning: 'min_purity not an integer in range.',
    fix: 'Use an integer from 0 to 100, without sign or leading zero.',
  },
  target_invalid_state: {
    ...foTarget,
    reason: 'invalid state code',
    meaning: 'The state-<code> value isn’t recognised for the country you picked.',
    fix: 'Use the standard regional subdivision code.',
    proxiesFo: { status: 454, body: 'invalid state code' },
  },
  target_invalid_city: {
    ...foTarget,
    reason: 'invalid city code',
    meaning: 'The city-<code> value isn’t recognised, or no IPs are available for that city.',
    fix: 'Try city-ran to let the network pick a city within your targeted state.',
    proxiesFo: { status: 454, body: 'invalid city code' },
  },
  target_invalid_ttl: {
    ...foTarget,
    reason: 'invalid ttl',
    meaning: 'The ttl-<minutes> value is outside the allowed range.',
    fix: 'Use an integer from 1 to 1440.',
    proxiesFo: { status: 455, body: 'invalid ttl' },
  },
  balance_exhausted: {
    reason: 'Insufficient balance',
    meaning: 'The account has no bytes left to spend.',
    fix: 'Top up a bundle; a zero balance cannot proxy.',
    retryable: false,
    marvel: 402,
    proxiesFo: { status: 452, body: 'exceeded bandwidth limit' },
    proxymesh: 402,
    socks5: { reply: 2 },
    api: 402,
  },
  cap_exhausted: {
    reason: 'Bandwidth limit of this credential reached',
    meaning: 'The key or sub-user has spent what its own cap allows; the account may still have bytes.',
    fix: 'Raise the cap of the key or sub-user, or wait for its window to start anew.',
    retryable: false,
    marvel: 402,
    proxiesFo: { status: 452, body: 'exceeded bandwidth limit' },
    proxymesh: 509,
    socks5: { reply: 2 },
    api: null,
  },
  threads_exhausted: {
    reason: 'Too many concurrent connections',
    meaning: 'More connections are open than the account, key or sub-user allows.',
    fix: 'Lower concurrency or raise the limit.',
    retryable: true,
    marvel: 429,
    proxiesFo: { status: 453, body: 'exceeded threads limit' },
    proxymesh: 429,
    socks5: { reply: 2 },
    api: null,
  },
  destination_forbidden: {
    reason: 'Destination not allowed',
    meaning:
      'The host, address or port is refused by policy (private and special-use addresses, mail ports), or the limits of the credential leave out this host or country.',
    fix: 'Use a public host on an allowed port (80, 443, 8080, 8443), and check countries, hosts_allow and hosts_deny of the credential.',
    retryable: false,
    marvel: 403,
    proxiesFo: { status: 403, body: 'destination not allowed' },
    proxymesh: 403,
    socks5: { reply: 2 },
    api: null,
  },
  expectation_failed: {
    reason: 'Expectation Failed',
    meaning: 'The client sent an Expect: header the proxy can’t satisfy.',
    fix: 'Remove it or switch libraries.',
    retryable: false,
    marvel: null,
    proxiesFo: { status: 417, body: 'Expectation Failed' },
    proxymesh: null,
    socks5: null,
    api: null,
  },
  no_capacity: {
    reason: 'No live capacity for the requested country right now',
    meaning: 'No live exit fits the target at this moment.',
    fix: 'Check /v1/availability; retry or pick a live country.',
    retryable: true,
    marvel: 503,
    proxiesFo: { status: 503, body: 'Service Unavailable' },
    proxymesh: 503,
    socks5: { reply: 3 },
    api: 404,
  },
  gateway_error: {
    reason: 'Gateway error',
    meaning: 'Transient. Upstream, dial and internal faults deliberately look identical here.',
    fix: 'Retry with backoff.',
    retryable: true,
    marvel: 502,
    proxiesFo: { status: 502, body: 'Bad Gateway' },
    proxymesh: 502,
    socks5: { reply: 1 },
    api: null,
  },
  overloaded: {
    ...shedding,
    reason: 'Temporarily overloaded',
    meaning: 'The server sheds load to keep what is running healthy.',
    fix: 'Retry after the time in Retry-After.',
    proxiesFo: { status: 503, body: 'Service Unavailable' },
  },
  draining: {
    ...shedding,
    reason: 'Shutting down',
    meaning: 'This gateway is being stopped and takes no new connections.',
    fix: 'Connect again; another gateway answers.',
    proxiesFo: { status: 503, body: 'Service Unavailable' },
  },
  stale_state: {
    ...shedding,
    reason: 'Account state is too old to decide',
    meaning: 'The gateway has not heard from the control API for too long to judge credentials or budgets.',
    fix: 'Retry after the time in Retry-After; /v1/status tells of an outage.',
    proxiesFo: { status: 503, body: 'Service Unavailable' },
  },
  conflict: {
    ...apiOnly,
    reason: 'Conflict with the current state',
    meaning: 'What should be made exists already, or its state does not allow this.',
    fix: 'Read the resource, then decide again.',
    retryable: false,
    api: 409,
  },
  not_found: {
    ...apiOnly,
    reason: 'Not found',
    meaning: 'Unknown resource, or one that is not yours.',
    fix: 'Check the path and the id.',
    retryable: false,
    api: 404,
  },
  method_not_allowed: {
    ...apiOnly,
    reason: 'Method not allowed',
    meaning: 'The path exists, but not with this method.',
    fix: 'Use one of the methods named in the Allow header.',
    retryable: false,
    api: 405,
  },
  forbidden: {
    ...apiOnly,
    reason: 'Forbidden',
    meaning: 'The credentials are valid, but not for this.',
    fix: 'Use credentials that have this right.',
    retryable: false,
    api: 403,
  },
  payload_too_large: {
    ...apiOnly,
    reason: 'Request body too large',
    meaning: 'The body exceeds what this route reads.',
    fix: 'Send less at a time.',
    retryable: false,
    api: 413,
  },
  unsupported_media_type: {
    ...apiOnly,
    reason: 'Unsupported media type',
    meaning: 'The body is not of a type this route reads.',
    fix: 'Send Content-Type: application/json; to the mounts of proxies.fo and ProxyMesh a form, application/x-www-form-urlencoded.',
    retryable: false,
    api: 415,
  },
  invalid: {
    ...apiOnly,
    reason: 'Validation failed',
    meaning: 'A field is missing or has a value that is not allowed; the message names it.',
    fix: 'Correct the field named in the message.',
    retryable: false,
    api: 422,
  },
  signature_invalid: {
    ...apiOnly,
    reason: 'Signature missing or invalid',
    meaning: 'A webhook whose signature does not fit its body, or is too old.',
    fix: 'Sign the body as it is sent, with the secret of this endpoint and the present time.',
    retryable: false,
    api: 400,
  },
  event_unreadable: {
    ...apiOnly,
    reason: 'Event could not be read',
    meaning:
      'A webhook that is signed as it should be, but whose body is no event, or one in a shape that is not known here.',
    fix: 'Send the event as its provider makes it, in an API version that is known here; the message says where it differs.',
    retryable: false,
    api: 400,
  },
  rate_limited: {
    ...apiOnly,
    reason: 'Too many requests',
    meaning: 'The rate limit of this caller is used up.',
    fix: 'Wait until X-RateLimit-Reset, or as long as Retry-After says.',
    retryable: true,
    api: 429,
  },
  unavailable: {
    ...apiOnly,
    reason: 'A required subsystem is not available right now',
    meaning: 'The Reserve, the database or the payment provider cannot be reached.',
    fix: 'Retry with backoff; /v1/status tells of an outage.',
    retryable: true,
    api: 503,
  },
  maintenance: {
    ...apiOnly,
    reason: 'Temporarily offline for maintenance',
    meaning: 'An operator has put the service into maintenance.',
    fix: 'Retry after the time in Retry-After.',
    retryable: true,
    api: 503,
  },
  internal: {
    ...apiOnly,
    reason: 'Internal error',
    meaning: 'A fault on our side: logged, never detailed on the wire.',
    fix: 'Retry with backoff; if it persists, contact support with the request id.',
    retryable: true,
    proxiesFo: { status: 500, body: 'Internal Server Error' },
    api: 500,
  },
} as const satisfies Record<string, FailureEntry>;

/** The name of a failure, as in `X-Marvel-Error`. */
export type FailureCode = keyof typeof failures;

/** What is wrong with one field of a request. */
export interface FieldIssue {
  /** Its place, as `limits.hosts_allow.0`; empty for the whole. */
  readonly field: string;
  readonly message: string;
}

/** A failure on its way to a client. */
export interface Failure {
  readonly code: FailureCode;
  /** Every field that is wrong, for conventions that name more than the first. */
  readonly issues?: readonly FieldIssue[];
  /** Replaces the fixed reason at the API only; must not hold anything the client sent but the name of a field. */
  readonly message?: string;
  /** Whole seconds for `Retry-After`. */
  readonly retryAfterS?: number;
}

/** Every code, in the order of the catalogue. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a literal object are its keys
export const failureCodes = Object.keys(failures) as readonly FailureCode[];

/**
 * Where a mount of another convention answers another status than the API does.
 *
 * Source: the documentation of Marlin, proxies.fo, Mashvisor and ProxyMesh.
 */
const mountStatuses = {
  marlin: {
    bad_request: 400,
    invalid: 400,
    conflict: 400,
    unsupported_media_type: 400,
    payload_too_large: 400,
  },
  'proxies-fo': {
    bad_request: 400,
    invalid: 400,
    unsupported_media_type: 400,
    balance_exhausted: 452,
    threads_exhausted: 453,
  },
  mashvisor: {
    bad_request: 400,
    invalid: 400,
  },
  proxymesh: {
    bad_request: 400,
    invalid: 400,
    conflict: 400,
    unsupported_media_type: 400,
  },
} as const satisfies Record<string, Partial<Record<FailureCode, number>>>;

/** The conventions of others that are spoken at the API, as in `/dialects/<name>`. */
export type MountName = keyof typeof mountStatuses;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a literal object are its keys
export const mountNames = Object.keys(mountStatuses) as readonly MountName[];

/** What a failure is at a mount: `null` where it cannot happen. */
export function mountStatus(mount: MountName, code: FailureCode): number | null {
  const own: Partial<Record<FailureCode, number>> = mountStatuses[mount];
  return own[code] ?? failureEntry(code).api;
}

/** The catalogue row of a code. */
export function failureEntry(code: FailureCode): FailureEntry {
  return failures[code];
}
