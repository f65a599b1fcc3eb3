import { expect, test } from 'vitest';
import { failureCodes, failures } from './failures.ts';
import { rehearsableFailures, rehearsalSession, rehearsedFailure } from './rehearsal.ts';
import { isSessionId } from './target.ts';

const dialects = ['marvel', 'socks5', 'proxies-fo', 'proxymesh'] as const;

test('every failure that a gateway has can be asked for in some dialect, by a session that every grammar takes', () => {
  const reached = new Set(dialects.flatMap(rehearsableFailures));
  const atGateways = failureCodes.filter((code) => {
    const { marvel, proxiesFo, proxymesh, socks5 } = failures[code];
    return marvel !== null || proxiesFo !== null || proxymesh !== null || socks5 !== null;
  });
  expect(failureCodes.filter((code) => reached.has(code))).toEqual(atGateways);
  for (const code of reached) expect(isSessionId(rehearsalSession(code)), code).toBe(true);
});

test.each(dialects)('in %s a session asks for exactly the failure that it names', (dialect) => {
  for (const code of rehearsableFailures(dialect)) {
    expect(rehearsedFailure(rehearsalSession(code), dialect)).toBe(code);
  }
});

test('a slip, and a failure that the dialect does not have, are an invalid session', () => {
  expect(rehearsedFailure('test_balance_exausted', 'marvel')).toBe('target_invalid_session');
  expect(rehearsedFailure('test_', 'marvel')).toBe('target_invalid_session');
  expect(rehearsedFailure('test_toString', 'marvel')).toBe('target_invalid_session');
  expect(rehearsedFailure('test_conflict', 'marvel')).toBe('target_invalid_session');
  expect(rehearsedFailure('test_expectation_failed', 'marvel')).toBe('target_invalid_session');
  expect(rehearsedFailure('test_expectation_failed', 'proxies-fo')).toBe('expectation_failed');
});

test('any other session is an ordinary one', () => {
  for (const session of [undefined, 'cart', 'test', 'tests', 'Test_overloaded']) {
    expect(rehearsedFailure(session, 'marvel')).toBeUndefined();
  }
});
