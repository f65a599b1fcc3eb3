import type { Failure } from '@marvel/shared/failures';
import { err, ok, type Result } from '@marvel/shared/result';
import { parseJson } from '@marvel/shared/parse-json';
import { Stripe } from 'stripe';
import * as v from 'valibot';
import type { PaymentEvent } from '../domain/payment-news.ts';
import { type Calling, callStripe, type Refused, stripeOf } from './stripe-client.ts';
import { readStripeEvent } from './stripe-event.ts';

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

/** A page to pay on. */
export interface PaymentPage {
  readonly id: string;
  readonly url: string;
}

/** Makes a payment page. Errors: those of `callStripe`; `refused` for a currency or an amount that Stripe does not take. */
export async function createCheckout(
  calling: Calling,
  wanted: CheckoutWanted,
): Promise<Result<PaymentPage, Failure | Refused>> {
  const metadata = { invoice_id: wanted.invoiceId, account_id: wanted.accountId };
  const made = await callStripe(calling, async (stripe) =>
    stripe.checkout.sessions.create(
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
    ),
  );
  return made.ok ? ok(pageOf(made.value)) : made;
}

/** The page of a session that was just made. */
export function pageOf({ id, url }: Stripe.Checkout.Session): PaymentPage {
  if (url === null) throw new Error('a new checkout session has no page');
  return { id, url };
}

/** Closes a payment page; one that was paid or closed before stays so. Errors: `unavailable`. */
export async function closeCheckout(calling: Calling, id: string): Promise<Result<void, Failure>> {
  const closed = await callStripe(calling, async (stripe) => stripe.checkout.sessions.expire(id));
  if (closed.ok || closed.error.code === 'refused') return ok(undefined);
  return err(closed.error);
}

/** How old a signature may be. */
const maxSignatureAgeS = 300;

/**
 * Believes a webhook only if Stripe signed it in the last five minutes. Errors: `signature_invalid`; `event_unreadable`
 * for what Stripe signed and is no event, or one of a known type in an unknown shape: it says where, also in the log, and
 * nothing of what came.
 */
export async function openStripeEvent(
  { env, log }: Calling,
  body: Uint8Array,
  signature: string | null,
): Promise<Result<PaymentEvent, Failure>> {
  const text = new TextDecoder().decode(body);
  try {
    const { signature: signatures } = stripeOf(env).webhooks;
    if (signatures === null) throw new Error('the client of Stripe knows no signatures');
    await signatures.verifyHeaderAsync(text, signature ?? '', env.STRIPE_WEBHOOK_SECRET, maxSignatureAgeS);
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return err({ code: 'signature_invalid' });
    throw error;
  }
  const json = parseJson(body, v.unknown());
  const event = json === undefined ? undefined : readStripeEvent(json);
  if (event?.ok === true) return event;
  const place = event === undefined ? null : event.error.place;
  log.info('stripe_event_unreadable', { place, bytes: body.length });
  const what =
    place === null ? 'is not JSON' : `is not an event as it is known here${place === '' ? '' : `: ${place}`}`;
  return err({ code: 'event_unreadable', message: `The body ${what}` });
}
