import { STATUS_CODES } from 'node:http';
import { canonicalHost } from '@marvel/shared/destination';
import type { Exit } from '@marvel/shared/exit';
import { type Failure, type FailureCode, failureEntry, failures } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { parseTarget } from '@marvel/shared/target';
import type { Answers, ExitIpWish, ExitWish, SignIn } from '../offer.ts';
import { readBasicCredentials } from './basic-credentials.ts';
import { plainRefusal } from './plain-refusal.ts';
import { subUserOrTestKey } from './sub-user-or-test-key.ts';

type Fields = ReadonlyMap<string, string>;

/** What of an HTTP request head the dialect reads. */
interface ProxymeshRequest {
  readonly fields: Fields;
}

/** Countries that one request may name. */
const maxCountries = 32;
const countryPattern = /^[A-Za-z]{2}$/;

/**
 * Reads a request: Basic with a sub-user, or nothing from an authorised source, and what the `X-ProxyMesh-*` fields ask of
 * the exit. `-Country` may list several: the first with an exit serves. Source: CONTRACT 3.4.
 */
export function readProxymeshRequest({ fields }: ProxymeshRequest): SignIn {
  const authorization = fields.get('proxy-authorization');
  const wish = readWish(fields);
  if (authorization === undefined) return { credential: { kind: 'source' }, wish };
  const basic = readBasicCredentials(authorization);
  if (basic === undefined) return { credential: { kind: 'none' }, wish };
  const credential = subUserOrTestKey(basic.username, basic.password);
  return { credential, wish: credential.kind === 'key' ? withTarget(wish, basic.password) : wish };
}

/** The dialect has no sessions: a test key says in a Marvel target, as its password, which failure it wants. Without one it wants none. */
function withTarget(wish: Result<ExitWish, FailureCode>, password: string): Result<ExitWish, FailureCode> {
  if (!wish.ok || password === '') return wish;
  const target = parseTarget(password);
  return target.ok ? ok({ ...target.value, ...wish.value }) : target;
}

function readWish(fields: Fields): Result<ExitWish, FailureCode> {
  const [country, ...otherCountries] = listOf(fields, 'x-proxymesh-country');
  if (otherCountries.length >= maxCountries) return err('bad_request');
  if (country !== undefined && ![country, ...otherCountries].every(isCountry)) return err('target_invalid_country');
  return ok({
    network: 'residential',
    ...(country !== undefined && { country: country.toUpperCase() }),
    ...(otherCountries.length > 0 && { otherCountries: otherCountries.map((text) => text.toUpperCase()) }),
    minPurity: 0,
    onExitLoss: 'repin',
    exitIps: readExitIps(fields),
  });
}

function isCountry(text: string): boolean {
  return countryPattern.test(text);
}

/** What is no address is that of no exit. */
function readExitIps(fields: Fields): ExitIpWish {
  const only = fields.get('x-proxymesh-ip');
  const preferred = fields.get('x-proxymesh-prefer-ip');
  const excluded = listOf(fields, 'x-proxymesh-not-ip');
  return {
    ...(only && { only: canonicalHost(only) }),
    ...(preferred && { preferred: canonicalHost(preferred) }),
    ...(excluded.length > 0 && { excluded: new Set(excluded.map(canonicalHost)) }),
  };
}

/** The members of a comma-separated list. Source: RFC 9110 section 5.6.1. */
function listOf(fields: Fields, name: string): readonly string[] {
  const members = fields.get(name)?.split(',') ?? [];
  return members.map((member) => member.trim()).filter((member) => member !== '');
}

/** The answers of the ProxyMesh dialect. Source: CONTRACT section 2 and 3.4. */
export const proxymeshAnswers = {
  established(requestId: string, exit: Exit): string {
    return `HTTP/1.1 200 Connection established\r\n${proxymeshAnswers.forwarded(requestId, exit)}\r\n`;
  },

  forwarded(requestId: string, exit: Exit): string {
    return `X-Marvel-Request-Id: ${requestId}\r\nX-ProxyMesh-IP: ${exit.exit_ip}\r\n`;
  },

  refused({ code }: Failure, requestId: string, mayRetry: boolean) {
    const entry = failureEntry(code).proxymesh === null ? failures.gateway_error : failureEntry(code);
    // What this dialect has no word for would be a fault of ours, which looks like any other.
    const status = entry.proxymesh ?? failures.gateway_error.proxymesh;
    const phrase = STATUS_CODES[status] ?? '';
    const keepOpen = code === 'unauthenticated' && mayRetry;
    const body = `${entry.reason}\n`;
    return { bytes: plainRefusal({ status, phrase, requestId, body, close: !keepOpen }), keepOpen };
  },
} satisfies Answers;
