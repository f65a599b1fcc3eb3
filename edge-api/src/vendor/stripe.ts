import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { Stripe } from 'stripe';
import type { PaymentEvent } from '../domain/payment-news.ts';
import type { Env } from '../env.ts';
import { readStripeEvent } from './stripe-event.ts';

/** How long one call may take, and how often it is tried again; the caller waits for all of it. */
const timeoutMs = 8000;
const maxNetworkRetries = 1;

/** What is to be paid for. */
export interface CheckoutWanted {
  readonly invoiceId: string;
  readonly accountId: string;
  readonly description: string;
  readonly amountCents: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
  /** Where the customer goes afterwards. */
  readonly returnUrl: string;
  /** The same for every repeat of the same wish. */
  readonly idempotencyKey: string;
}

/**
 * Makes a payment page.
 *
 * Errors: `conflict` when the idempotency key was used for something else, or is in use at this moment; `unavailable` when
 * Stripe cannot be reached or is overloaded.
 */
export async function createCheckout(
  env: Env,
  wanted: CheckoutWanted,
): Promise<Result<{ readonly id: string; readonly url: string }, Failure>> {
  const metadata = { invoice_id: wanted.invoiceId, account_id: wanted.accountId };
  try {
    const session = await stripeOf(env).checkout.sessions.create(
      {
        mode: 'payment',
        client_reference_id: wanted.invoiceId,
        line_items: [
          {
            quantity: 1,
            price_data: {
              currency: wanted.currency,
              unit_amount: wanted.amountCents,
              product_data: { name: wanted.description },
            },
          },
        ],
        success_url: `${wanted.returnUrl}?invoice=${wanted.invoiceId}&checkout=done`,
        cancel_url: `${wanted.returnUrl}?invoice=${wanted.invoiceId}&checkout=cancelled`,
        metadata,
        payment_intent_data: { metadata },
      },
      { idempotencyKey: wanted.idempotencyKey },
    );
    if (session.url === null) throw new Error('a new checkout session has no page');
    return ok({ id: session.id, url: session.url });
  } catch (error) {
    if (error instanceof Stripe.errors.StripeIdempotencyError) {
      return err({ code: 'conflict', message: 'Idempotency-Key was used for other terms; send a new one' });
    }
    if (isAway(error)) return err({ code: 'unavailable', message: 'The payment provider is not available right now' });
    throw error;
  }
}

/** Closes a payment page; one that was paid or closed before stays so. Errors: `unavailable`. */
export async function closeCheckout(env: Env, id: string): Promise<Result<void, Failure>> {
  try {
    await stripeOf(env).checkout.sessions.expire(id);
    return ok(undefined);
  } catch (error) {
    if (isAway(error)) return err({ code: 'unavailable' });
    if (error instanceof Stripe.errors.StripeInvalidRequestError) return ok(undefined);
    throw error;
  }
}

/** Believes a webhook only if Stripe signed it in the last five minutes. Errors: `signature_invalid`. */
export async function openStripeEvent(
  env: Env,
  body: Uint8Array,
  signature: string | null,
): Promise<Result<PaymentEvent, Failure>> {
  const text = new TextDecoder().decode(body);
  try {
    const { webhooks } = stripeOf(env);
    const event: unknown = await webhooks.constructEventAsync(text, signature ?? '', env.STRIPE_WEBHOOK_SECRET);
    return ok(readStripeEvent(event));
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return err({ code: 'signature_invalid' });
    throw error;
  }
}

const clients = new WeakMap<Env, Stripe>();

function stripeOf(env: Env): Stripe {
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
