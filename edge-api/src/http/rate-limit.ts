import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { clientNetwork } from '@marvel/shared/client-network';
import type { RateAnswer, RateRule } from '../domain/rate-window.ts';
import type { Services } from './services.ts';

/** What counting needs. */
export type Counting = Pick<Services, 'env' | 'log' | 'nowMs'>;

const windowMs = 60_000;

/** Who is counted: the account that a token belongs to, the operator, or else the address that asks. */
export type Caller = `account/${string}` | 'operator' | `address/${string}`;

/** The caller as which a request without a known token is counted. */
export function addressCaller(headers: Headers): Caller {
  return `address/${clientNetworkOf(headers)}`;
}

/** The client's address, or the network that stands for it. The platform sets the header; a client cannot. */
export function clientNetworkOf(headers: Headers): string {
  return clientNetwork(headers.get('CF-Connecting-IP') ?? 'unknown');
}

/** Counts a request: the headers that tell so, and the failure when it is one too many. */
export interface CountedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly refusal: Failure | undefined;
}

/** Counts a request of a caller. While the counting is away nobody is refused, and the headers say nothing. */
export async function countRequest(caller: Caller, services: Counting): Promise<CountedRequest> {
  const { RATE_LIMIT_ADDRESS: ofAddress, RATE_LIMIT_ACCOUNT: ofAccount } = services.env;
  const max = caller.startsWith('address/') ? ofAddress : ofAccount;
  const taken = await take(caller, { max, windowMs }, services);
  if (!taken.ok) return { headers: {}, refusal: undefined };
  const { isAllowed, limit, remaining, resetAtMs } = taken.value;
  return {
    headers: {
      'X-RateLimit-Limit': String(limit),
      'X-RateLimit-Remaining': String(remaining),
      'X-RateLimit-Reset': String(Math.ceil(resetAtMs / 1000)),
    },
    refusal: isAllowed ? undefined : rateLimited(taken.value, services),
  };
}

/** Counts one more under a name. Errors: `unavailable` when the counting is away. */
export async function take(
  name: string,
  rule: RateRule,
  { env, log }: Counting,
): Promise<Result<RateAnswer, { readonly code: 'unavailable' }>> {
  if (env.RATE_LIMITER === undefined) return err({ code: 'unavailable' });
  try {
    return ok(await env.RATE_LIMITER.getByName(name).take(rule));
  } catch (error) {
    log.error('rate_limiter_failed', error);
    return err({ code: 'unavailable' });
  }
}

/** What a caller who asked too often is told. */
export function rateLimited({ resetAtMs }: RateAnswer, { nowMs }: Counting): Failure {
  return { code: 'rate_limited', retryAfterS: Math.max(1, Math.ceil((resetAtMs - nowMs) / 1000)) };
}
