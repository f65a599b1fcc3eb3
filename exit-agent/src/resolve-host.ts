import { lookup } from 'node:dns/promises';
import { setTimeout as after } from 'node:timers/promises';
import { err, ok, type Result } from '@marvel/shared/result';

/** All A and AAAA addresses of a name, in the order they should be tried; none when it does not resolve. Never throws. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** The most names looked up at once; those given up on count until the system answers. */
const maxPendingLookups = 1024;

/** Looks names up as the host does: hosts file, then DNS. */
export const resolveHost: ResolveHost = async (host) => {
  try {
    const found = await lookup(host, { all: true, order: 'verbatim' });
    return [...new Set(found.map(({ address }) => address))];
  } catch {
    // Unknown, unanswered or unreadable: for who asked there is no address.
    return [];
  }
};

/** One look-up bounded in time and in number. Errors: `busy` when too many are under way; a late answer is none. */
export type BoundedLookup = (host: string, timeoutMs: number) => Promise<Result<readonly string[], 'busy'>>;

/**
 * Bounds a resolver, since the system's look-ups cannot be cancelled and would pile up behind a slow name server. Whoever wants
 * a name that is being looked up waits with the others, so one dead name that many want keeps one thread of the system busy.
 */
export function boundLookups(resolve: ResolveHost): BoundedLookup {
  const pending = new Map<string, Promise<readonly string[]>>();
  return async (host, timeoutMs) => {
    let found = pending.get(host);
    if (found === undefined) {
      if (pending.size >= maxPendingLookups) return err('busy');
      found = resolve(host).finally(() => pending.delete(host));
      pending.set(host, found);
    }
    const timer = new AbortController();
    const late = after(timeoutMs, [], { signal: timer.signal, ref: false }).catch(() => []);
    const addresses = await Promise.race([found, late]);
    timer.abort();
    return ok(addresses);
  };
}
