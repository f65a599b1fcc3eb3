import { describe, expect, it, test } from 'vitest';
import { type FailureCode, failureCodes, failureEntry, type PlainAnswer, type Socks5Answer } from './failures.ts';

type Row = readonly [
  marvel: number | null,
  proxiesFo: PlainAnswer | null,
  proxymesh: number | null,
  socks5: Socks5Answer | null,
  api: number | null,
];

const wrongCredentials = { status: 407, body: 'Incorrect username or password' };
const noBandwidth = { status: 452, body: 'exceeded bandwidth limit' };
const unavailable = { status: 503, body: 'Service Unavailable' };
const target = (proxiesFo: PlainAnswer, api: 422 | null): Row => [400, proxiesFo, 400, { auth: 1 }, api];
const onlyFo = (status: number, body: string): Row => [null, { status, body }, null, null, null];
const onlyApi = (status: number): Row => [null, null, null, null, status];
const shedding: Row = [503, unavailable, 503, { reply: 1 }, null];

/** The table of CONTRACT section 2, with the bodies of proxies.fo. */
const table: Readonly<Record<FailureCode, Row>> = {
  unauthenticated: [407, wrongCredentials, 407, { auth: 1 }, 401],
  bad_request: [400, { status: 400, body: 'Bad Request' }, 400, 'close', 422],
  target_missing_country: target(wrongCredentials, 422),
  target_invalid_country: target({ status: 454, body: 'invalid country code' }, 422),
  target_asn_unsupported: target(wrongCredentials, null),
  target_unknown_field: target(wrongCredentials, null),
  target_duplicate_field: target(wrongCredentials, null),
  target_malformed: target(wrongCredentials, null),
  target_invalid_session: target(wrongCredentials, 422),
  target_invalid_min_purity: target(wrongCredentials, 422),
  target_invalid_state: onlyFo(454, 'invalid state code'),
  target_invalid_city: onlyFo(454, 'invalid city code'),
  target_invalid_ttl: onlyFo(455, 'invalid ttl'),
  balance_exhausted: [402, noBandwidth, 402, { reply: 2 }, 402],
  cap_exhausted: [402, noBandwidth, 509, { reply: 2 }, null],
  threads_exhausted: [429, { status: 453, body: 'exceeded threads limit' }, 429, { reply: 2 }, null],
  destination_forbidden: [403, { status: 403, body: 'destination not allowed' }, 403, { reply: 2 }, null],
  expectation_failed: onlyFo(417, 'Expectation Failed'),
  no_capacity: [503, unavailable, 503, { reply: 3 }, 404],
  gateway_error: [502, { status: 502, body: 'Bad Gateway' }, 502, { reply: 1 }, null],
  overloaded: shedding,
  draining: shedding,
  stale_state: shedding,
  conflict: onlyApi(409),
  not_found: onlyApi(404),
  method_not_allowed: onlyApi(405),
  forbidden: onlyApi(403),
  payload_too_large: onlyApi(413),
  unsupported_media_type: onlyApi(415),
  invalid: onlyApi(422),
  rate_limited: onlyApi(429),
  unavailable: onlyApi(503),
  maintenance: onlyApi(503),
  signature_invalid: onlyApi(400),
  event_unreadable: onlyApi(400),
  internal: [null, { status: 500, body: 'Internal Server Error' }, null, null, 500],
};

test('the catalogue has the rows of the contract and no other', () => {
  expect(new Set<string>(failureCodes)).toEqual(new Set(Object.keys(table)));
});

test.each(failureCodes)('%s is rendered on every surface as the contract says', (code) => {
  const { marvel, proxiesFo, proxymesh, socks5, api } = failureEntry(code);
  expect([marvel, proxiesFo, proxymesh, socks5, api]).toEqual(table[code]);
});

test.each<[FailureCode, string]>([
  ['target_missing_country', 'missing required target: country-<CC> (ISO 3166-1 alpha-2)'],
  ['target_invalid_country', 'invalid country code; expected ISO 3166-1 alpha-2, e.g. country-US'],
  ['target_asn_unsupported', 'targeting is country-only; ASN/ISP selection is not supported'],
  ['target_unknown_field', 'unknown target field; supported fields: country, session, min_purity'],
  ['target_duplicate_field', 'duplicate target field; country, session, and min_purity may each appear once'],
  ['target_malformed', "malformed target; each field must be <key>-<value> joined by '-'"],
  ['target_invalid_session', 'invalid session id; allowed: letters, digits, underscore (1-64 chars)'],
  ['target_invalid_min_purity', 'invalid min_purity; expected an integer 0-100'],
  ['unauthenticated', 'Missing or invalid credentials'],
  ['balance_exhausted', 'Insufficient balance'],
  ['no_capacity', 'No live capacity for the requested country right now'],
  ['gateway_error', 'Gateway error'],
])('%s gives its fixed reason, letter for letter', (code, reason) => {
  expect(failureEntry(code).reason).toBe(reason);
});

describe.each(failureCodes)('%s', (code) => {
  const { reason, meaning, fix, proxiesFo } = failureEntry(code);

  it('has a reason that fits into a status line, and says what it means and what fixes it', () => {
    expect(reason).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,126}$/);
    expect(proxiesFo?.body ?? '-').toMatch(/^[\x20-\x7e]{1,64}$/);
    expect(meaning).toMatch(/\.$/);
    expect(fix).toMatch(/\.$/);
  });
});

test('a client may try the same again after exactly these', () => {
  expect(failureCodes.filter((code) => failureEntry(code).retryable)).toEqual([
    'threads_exhausted',
    'no_capacity',
    'gateway_error',
    'overloaded',
    'draining',
    'stale_state',
    'rate_limited',
    'unavailable',
    'maintenance',
    'internal',
  ]);
});
