import { STATUS_CODES } from 'node:http';
import type { Network } from '@marvel/shared/exit';
import { type Failure, type FailureCode, failureEntry, failures } from '@marvel/shared/failures';
import { err, ok } from '@marvel/shared/result';
import type { Answers, SignIn } from '../offer.ts';
import { readBasicCredentials } from './basic-credentials.ts';
import { subUserOrTestKey } from './sub-user-or-test-key.ts';
import { plainRefusal } from './plain-refusal.ts';
import { readFoUsername } from './proxies-fo-username.ts';

/** What of an HTTP request head the dialect reads. */
interface ProxiesFoRequest {
  readonly fields: ReadonlyMap<string, string>;
}

/** The one network on which the user name carries modifiers. */
const targetedNetwork: Network = 'residential';
const nobody: SignIn = { credential: { kind: 'none' }, wish: err('unauthenticated') };

/**
 * Reads requests to the listener of one network: Basic, user name = sub-user and modifiers, password = the sub-user's;
 * or user name = test key and modifiers.
 * `Expect` of any value cannot be met. Source: CONTRACT 3.3; proxies.fo's documentation.
 */
export function proxiesFoRequestReader(network: Network): (request: ProxiesFoRequest) => SignIn {
  return ({ fields }) => {
    const basic = readBasicCredentials(fields.get('proxy-authorization') ?? '');
    if (basic === undefined) return nobody;
    const { user, modifiers } = readFoUsername(basic.username, network === targetedNetwork);
    const credential = subUserOrTestKey(user, basic.password);
    if (fields.has('expect')) return { credential, wish: err('expectation_failed') };
    if (!modifiers.ok) return { credential, wish: modifiers };
    return { credential, wish: ok({ ...modifiers.value, network, minPurity: 0, onExitLoss: 'repin' }) };
  };
}

/** Where the phrase is not the one that everybody has for the status. Source: proxies.fo's documentation. */
const phrases: Partial<Record<FailureCode, string>> = {
  balance_exhausted: 'Bandwidth Exceeded',
  cap_exhausted: 'Bandwidth Exceeded',
  threads_exhausted: 'Thread Limit Exceeded',
  target_invalid_country: 'Invalid Country Code',
  target_invalid_state: 'Invalid State Code',
  target_invalid_city: 'Invalid City Code',
  target_invalid_ttl: 'Invalid TTL',
};

/** The answers of the proxies.fo dialect. Source: CONTRACT section 2; proxies.fo's documentation. */
export const proxiesFoAnswers = {
  established(requestId: string): string {
    return `HTTP/1.1 200 Connection established\r\n${proxiesFoAnswers.forwarded(requestId)}\r\n`;
  },

  forwarded(requestId: string): string {
    return `X-Marvel-Request-Id: ${requestId}\r\n`;
  },

  refused({ code }: Failure, requestId: string, mayRetry: boolean) {
    // A code this dialect cannot have would be a fault of ours.
    const { status, body } = failureEntry(code).proxiesFo ?? failures.internal.proxiesFo;
    const phrase = phrases[code] ?? STATUS_CODES[status] ?? '';
    const keepOpen = code === 'unauthenticated' && mayRetry;
    return { bytes: plainRefusal({ status, phrase, requestId, body, close: !keepOpen }), keepOpen };
  },
} satisfies Answers;
