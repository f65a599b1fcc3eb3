import { canonicalHost, canonicalPolicy, type DestinationRefusal, judgeDestination } from '@marvel/shared/destination';
import type { DestinationPolicy } from '@marvel/shared/feed';
import type { Limits } from '@marvel/shared/limits';
import type { Destination } from '../offer.ts';

/** Judgements kept, since the same few destinations are asked for again and again. */
const maxKept = 4096;

/** The fleet's policy on destinations, each judged once for as long as the policy stands. Beside what it refuses: the addresses of this gateway. */
export class DestinationRules {
  readonly #own: readonly string[];
  #policy: DestinationPolicy | undefined;
  /** The same policy, spelled as destinations are. */
  #canonical: DestinationPolicy | undefined;
  readonly #kept = new Map<string, DestinationRefusal | 'served'>();

  constructor(own: readonly string[]) {
    this.#own = own;
  }

  /** Why policy refuses a destination; `undefined` when it does not. */
  refusalOf(destination: Destination, policy: DestinationPolicy): DestinationRefusal | undefined {
    if (policy !== this.#policy || this.#canonical === undefined) {
      this.#policy = policy;
      this.#canonical = canonicalPolicy({ ...policy, own_addresses: [...policy.own_addresses, ...this.#own] });
      this.#kept.clear();
    }
    const name = `${destination.host} ${destination.port}`;
    let judged = this.#kept.get(name);
    if (judged === undefined) {
      judged = judgeDestination(destination.host, destination.port, this.#canonical) ?? 'served';
      if (this.#kept.size >= maxKept) this.#kept.clear();
      this.#kept.set(name, judged);
    }
    return judged === 'served' ? undefined : judged;
  }
}

/** Whether a credential's own lists let it go to a host; what is denied stays denied whatever is allowed. */
export function mayVisit(limits: Limits, host: string): boolean {
  if (limits.hosts_deny?.some((pattern) => matchesHost(pattern, host)) === true) return false;
  return limits.hosts_allow === undefined || limits.hosts_allow.some((pattern) => matchesHost(pattern, host));
}

/** `*.example.com` stands for every name below example.com, not for itself. */
function matchesHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === canonicalHost(pattern);
}
