import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { Stripe } from 'stripe';
import type { Env } from '../env.ts';

/** What calls of Stripe need. */
export interface Calling {
  readonly env: Env;
  readonly log: { info(event: string, fields: Readonly<Record<string, string | number | null>>): void };
}

/** How long one call may take, and how often it is tried again; the caller waits for all of it. */
const timeoutMs = 8000;
const maxNetworkRetries = 1;

const away: Failure = { code: 'unavailable', message: 'The payment provider is not available right now' };

/** Stripe takes no such request: there is no such thing, or its state or terms do not allow it. */
export interface Refused {
  readonly code: 'refused';
}

/**
 * Calls Stripe.
 *
 * Errors: `conflict` when the idempotency key was used for something else, or is in use at this moment; `unavailable` when
 * Stripe cannot be reached, is overloaded, or does not take our key; `refused` for any other request that it finds wrong.
 * The last two are ours to mend, so they are logged: by Stripe's code and parameter, never by its text.
 */
export async function callStripe<T>(
  { env, log }: Calling,
  call: (stripe: Stripe) => Promise<T>,
): Promise<Result<T, Failure | Refused>> {
  try {
    return ok(await call(stripeOf(env)));
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    if (error instanceof Stripe.errors.StripeIdempotencyError) {
      return err({ code: 'conflict', message: 'Idempotency-Key was used for other terms; send a new one' });
    }
    if (isAway(error)) return err(away);
    const { type, code = null, param = null, statusCode = null } = error;
    log.info('payment_provider_refused', { type, code, param, status: statusCode });
    return err(isRefusedKey(error) ? away : { code: 'refused' });
  }
}

const clients = new WeakMap<Env, Stripe>();

/** The client of a deployment, made once in an isolate. */
export function stripeOf(env: Env): Stripe {
  let client = clients.get(env);
  if (client === undefined) {
    client = new Stripe(env.STRIPE_SECRET_KEY, {
      httpClient: Stripe.createFetchHttpClient(),
      timeout: timeoutMs,
      maxNetworkRetries,
      telemetry: false,
      ...(env.STRIPE_API_URL === undefined ? {} : endpointOf(env.STRIPE_API_URL)),
    });
    clients.set(env, client);
  }
  return client;
}

function endpointOf(apiUrl: string): { host: string; port: string; protocol: 'http' | 'https' } {
  const { hostname, port, protocol } = new URL(apiUrl);
  const isHttp = protocol === 'http:';
  return { host: hostname, port: port || (isHttp ? '80' : '443'), protocol: isHttp ? 'http' : 'https' };
}

function isAway(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeConnectionError ||
    error instanceof Stripe.errors.StripeAPIError ||
    error instanceof Stripe.errors.StripeRateLimitError
  );
}

function isRefusedKey(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeAuthenticationError || error instanceof Stripe.errors.StripePermissionError
  );
}
