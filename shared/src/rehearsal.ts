import { type FailureCode, type FailureEntry, failureCodes, failureEntry } from './failures.ts';
import type { Dialect } from './usage-batch.ts';

const prefix = 'test_';
const surfaces = {
  marvel: 'marvel',
  socks5: 'socks5',
  'proxies-fo': 'proxiesFo',
  proxymesh: 'proxymesh',
} as const satisfies Record<Dialect, keyof FailureEntry>;

/** The session by which a test key is refused with a failure. */
export function rehearsalSession(code: FailureCode): string {
  return `${prefix}${code}`;
}

/** The failures that a test key can be refused with in a dialect: all that the dialect has. */
export function rehearsableFailures(dialect: Dialect): readonly FailureCode[] {
  return failureCodes.filter((code) => failureEntry(code)[surfaces[dialect]] !== null);
}

/**
 * The failure that a test key asks for by its session, `test_<code>`; `undefined` for any other session, and for none. A name
 * that begins so and is no failure of the dialect is an invalid session, so that a slip does not look like a success.
 */
export function rehearsedFailure(session: string | undefined, dialect: Dialect): FailureCode | undefined {
  if (session?.startsWith(prefix) !== true) return undefined;
  const name = session.slice(prefix.length);
  return rehearsableFailures(dialect).find((code) => code === name) ?? 'target_invalid_session';
}
